<?php
// Makes the database and installs WordPress with an editor, a post and the plugin. Run by the command line.
mysqli_report( MYSQLI_REPORT_ERROR | MYSQLI_REPORT_STRICT );
$name = getenv( 'WP_DATABASE' );
list( $host, $port ) = explode( ':', getenv( 'WP_DATABASE_HOST' ) );
( new mysqli( $host, 'root', '', '', (int) $port ) )->query( "CREATE DATABASE `$name` CHARACTER SET utf8mb4" );

define( 'WP_INSTALLING', true );
$_SERVER['HTTP_HOST'] = parse_url( getenv( 'WP_ADDRESS' ), PHP_URL_HOST );
require $argv[1] . '/wp-load.php';
require_once ABSPATH . 'wp-admin/includes/upgrade.php';
require_once ABSPATH . 'wp-admin/includes/plugin.php';
add_filter( 'pre_wp_mail', '__return_true' );
wp_install( 'The Gazette', 'editor', 'editor@example.org', false, '', 'a password for tests' );
$post = wp_insert_post(
	array(
		'post_title'   => 'Night trains &amp; the council',
		'post_content' => '[row]<p>The council <b>voted</b> to bring back the night trains.</p><ul><li>Oslo</li><li>Bergen</li></ul>[/row]',
		'post_status'  => 'publish',
	)
);
update_option( 'moderation_keys', 'injunction' );
$wpdb->query( "ALTER TABLE $wpdb->comments CONVERT TO CHARACTER SET utf8mb3" ); // As an old site has it.
$error = activate_plugin( 'comment-moderation/comment-moderation.php' );
if ( is_wp_error( $error ) ) {
	fwrite( STDERR, $error->get_error_message() );
	exit( 1 );
}
list( $password ) = WP_Application_Passwords::create_new_application_password( 1, array( 'name' => 'test' ) );
echo json_encode( array( 'post' => $post, 'password' => $password ) );
