<?php
/**
 * Plugin Name:       Comment Moderation
 * Description:       Asks your newspaper's own comment-moderation service whether a comment is published, held or refused, and says why.
 * Version:           0.1.0
 * Requires at least: 6.1
 * Requires PHP:      8.0
 * License:           Apache-2.0
 * Text Domain:       comment-moderation
 *
 * @package CommentModeration
 */

namespace CommentModeration;

defined( 'ABSPATH' ) || exit;

// What the plugin keeps: one option, and these on each comment. uninstall.php removes them.
const OPTION       = 'comment_moderation_service';
const META_ID      = '_comment_moderation_id';       // The comment's id at the service.
const META_ANSWER  = '_comment_moderation_answer';   // The service's decision and its reasons.
const META_PENDING = '_comment_moderation_pending';  // The status that the service answered, 0 for none, while it is still to be asked.
const META_VERDICT = '_comment_moderation_verdict';  // A moderator's verdict that the service is still to be told.
const META_EVENT   = '_comment_moderation_event';    // The newest verdict that the service told us.
const CRON         = 'comment_moderation_sync';
const CRON_DELETED = 'comment_moderation_deleted';

foreach ( array( 'settings', 'client', 'described', 'decision', 'verdict', 'webhook', 'screen', 'health' ) as $comment_moderation_part ) {
	require __DIR__ . "/includes/$comment_moderation_part.php";
}

add_filter( 'cron_schedules', __NAMESPACE__ . '\every_minute' );
add_action( 'init', __NAMESPACE__ . '\keep_scheduled' );
add_action( CRON, __NAMESPACE__ . '\sync' );
register_deactivation_hook( __FILE__, __NAMESPACE__ . '\unschedule' );

/**
 * Adds the rhythm in which what is due is caught up with.
 *
 * @param array $schedules WP-Cron's schedules.
 */
function every_minute( $schedules ) {
	return $schedules + array(
		'comment_moderation' => array(
			'interval' => MINUTE_IN_SECONDS,
			'display'  => __( 'Every minute (Comment Moderation)', 'comment-moderation' ),
		),
	);
}

/** Has WP-Cron call sync, also after a site was moved without its schedule. */
function keep_scheduled() {
	if ( ! wp_next_scheduled( CRON ) ) {
		wp_schedule_event( time(), 'comment_moderation', CRON );
	}
}

/** Takes the plugin out of WP-Cron. */
function unschedule() {
	wp_clear_scheduled_hook( CRON );
	wp_unschedule_hook( CRON_DELETED );
}

/** Catches up: asks about comments that were not answered for, then tells the moderators' verdicts. */
function sync() {
	if ( is_configured() && ask_again() ) {
		tell_verdicts();
	}
}

/**
 * Comments that carry a mark, oldest first, whatever their status.
 *
 * @param string      $key   The mark's meta key.
 * @param int         $most  How many.
 * @param string|null $value The mark's value, where it matters.
 * @return \WP_Comment[]
 */
function marked( $key, $most, $value = null ) {
	$wanted = array(
		'meta_key' => $key, // phpcs:ignore WordPress.DB.SlowDBQuery
		'status'   => 'any',
		'orderby'  => 'comment_ID',
		'order'    => 'ASC',
		'number'   => $most,
	);
	return get_comments( null === $value ? $wanted : $wanted + array( 'meta_value' => $value ) ); // phpcs:ignore WordPress.DB.SlowDBQuery
}
