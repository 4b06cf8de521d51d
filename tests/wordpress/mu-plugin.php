<?php
// What a test needs of WordPress: many comments a minute from one address, and a WP-Cron that is always due.
add_filter( 'wp_is_comment_flood', '__return_false', 99 );
add_filter( 'comment_flood_filter', '__return_false', 99 );
add_filter( 'wp_is_application_passwords_available', '__return_true' );
add_action( 'init', fn () => add_shortcode( 'row', fn ( $attributes, $content ) => $content ) ); // A page builder's.
add_filter(
	'cron_schedules',
	function ( $schedules ) {
		$schedules['comment_moderation']['interval'] = 1;
		return $schedules;
	},
	99
);
