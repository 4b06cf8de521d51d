<?php
// Makes an account of the date that is given and prints its name and a password for the REST API.
$_SERVER['HTTP_HOST'] = parse_url( getenv( 'WP_ADDRESS' ), PHP_URL_HOST );
require $argv[1] . '/wp-load.php';
$name = 'member-' . wp_generate_uuid4();
$id   = wp_insert_user(
	array(
		'user_login' => $name,
		'user_email' => "$name@example.org",
		'user_pass'  => 'a password for tests',
		'role'       => 'subscriber',
	)
);
$wpdb->update( $wpdb->users, array( 'user_registered' => $argv[2] ), array( 'ID' => $id ) );
list( $password ) = WP_Application_Passwords::create_new_application_password( $id, array( 'name' => 'test' ) );
echo json_encode( array( $name, $password ) );
