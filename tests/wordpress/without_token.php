<?php
// Tells of a deleted comment when the settings have no token, and prints whether that is to be tried again.
$_SERVER['HTTP_HOST'] = parse_url( getenv( 'WP_ADDRESS' ), PHP_URL_HOST );
require $argv[1] . '/wp-load.php';
add_filter( 'option_comment_moderation_service', fn ( $settings ) => array( 'token' => '' ) + $settings );
CommentModeration\tell_of_deleted( 'deleted', 'trash' );
echo json_encode( wp_next_scheduled( 'comment_moderation_deleted', array( 'deleted', 'trash' ) ) ? 'due again' : 'nothing is due' );
