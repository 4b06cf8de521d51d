<?php
// Adds a blog to the network, uninstalls the plugin as two blogs had it, and prints what is left on each.
$_SERVER['HTTP_HOST'] = substr( getenv( 'WP_ADDRESS' ), 7 );
require $argv[1] . '/wp-load.php';
$south = wp_insert_site( array( 'domain' => $_SERVER['HTTP_HOST'], 'path' => '/south/', 'title' => 'The South Gazette', 'user_id' => 1 ) );
foreach ( array( 1, $south ) as $blog ) {
	switch_to_blog( $blog );
	update_option( 'comment_moderation_service', array( 'key' => 'a secret' ) );
	add_comment_meta( 1, '_comment_moderation_id', 'an id' );
	wp_schedule_event( time(), 'hourly', 'comment_moderation_sync' );
	restore_current_blog();
}
define( 'WP_UNINSTALL_PLUGIN', 'comment-moderation' );
require WP_PLUGIN_DIR . '/comment-moderation/uninstall.php';
foreach ( array( 1, $south ) as $blog ) {
	switch_to_blog( $blog );
	$options       = $wpdb->get_col( "SELECT option_name FROM $wpdb->options WHERE option_name LIKE 'comment_moderation\_%'" );
	$meta          = $wpdb->get_col( "SELECT meta_key FROM $wpdb->commentmeta WHERE meta_key LIKE '%comment_moderation%'" );
	$left[ $blog ] = array_merge( $options, $meta, wp_next_scheduled( 'comment_moderation_sync' ) ? array( 'cron' ) : array() );
	restore_current_blog();
}
echo json_encode( $left );
