<?php
// Uninstalls the plugin and prints what is left of it.
$_SERVER['HTTP_HOST'] = parse_url( getenv( 'WP_ADDRESS' ), PHP_URL_HOST );
require $argv[1] . '/wp-load.php';
require_once ABSPATH . 'wp-admin/includes/plugin.php';
deactivate_plugins( 'comment-moderation/comment-moderation.php' );
uninstall_plugin( 'comment-moderation/comment-moderation.php' );
$options = $wpdb->get_col( "SELECT option_name FROM $wpdb->options WHERE option_name LIKE 'comment_moderation\_%'" );
$meta    = $wpdb->get_col( "SELECT meta_key FROM $wpdb->commentmeta WHERE meta_key LIKE '%comment_moderation%'" );
$cron    = false === strpos( serialize( _get_cron_array() ), 'comment_moderation' ) ? array() : array( 'cron' );
echo json_encode( array_merge( $options, $meta, $cron ) );
