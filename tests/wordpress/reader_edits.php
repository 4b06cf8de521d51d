<?php
// Changes a comment's text as a plugin does that lets its reader edit it: by nobody who may moderate.
$_SERVER['HTTP_HOST'] = parse_url( getenv( 'WP_ADDRESS' ), PHP_URL_HOST );
require $argv[1] . '/wp-load.php';
wp_update_comment( array( 'comment_ID' => (int) $argv[2], 'comment_content' => wp_slash( $argv[3] ) ) );
