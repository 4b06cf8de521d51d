<?php
// Makes a network of the installed WordPress, as wp-admin does.
$_SERVER['HTTP_HOST'] = substr( getenv( 'WP_ADDRESS' ), 7 );
define( 'WP_INSTALLING_NETWORK', true );
require $argv[1] . '/wp-load.php';
require_once ABSPATH . 'wp-admin/includes/upgrade.php';
foreach ( $wpdb->tables( 'ms_global' ) as $table => $prefixed ) {
	$wpdb->$table = $prefixed;
}
install_network();
populate_network( 1, $_SERVER['HTTP_HOST'], 'editor@example.org', 'The Gazettes' );
