<?php
// Drops the database of the test.
mysqli_report( MYSQLI_REPORT_OFF );
list( $host, $port ) = explode( ':', getenv( 'WP_DATABASE_HOST' ) );
( new mysqli( $host, 'root', '', '', (int) $port ) )->query( 'DROP DATABASE IF EXISTS `' . getenv( 'WP_DATABASE' ) . '`' );
