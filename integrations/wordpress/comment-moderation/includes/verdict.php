<?php
/**
 * What moderators do in WordPress goes back to the service as a verdict. It is kept until the service has it.
 *
 * @package CommentModeration
 */

namespace CommentModeration;

defined( 'ABSPATH' ) || exit;

const TOLD_AT_ONCE = 50; // In one run of WP-Cron.
const NAME         = 'comment_moderation_name'; // The option with the name by which the service knows us.

// A verdict has two outcomes; what a moderator unpublishes is not to be read, so that is a rejection too.
const VERDICTS = array(
	'approved'   => array( 'verdict' => 'approve' ),
	'unapproved' => array(
		'verdict'     => 'reject',
		'reason_code' => 'other',
	),
	'spam'       => array(
		'verdict'     => 'reject',
		'reason_code' => 'spam',
	),
	'trash'      => array(
		'verdict'     => 'reject',
		'reason_code' => 'other',
	),
);

add_action( 'transition_comment_status', __NAMESPACE__ . '\note_verdict', 10, 3 );
add_action( 'delete_comment', __NAMESPACE__ . '\keep_verdict', 10, 2 );
add_action( CRON_DELETED, __NAMESPACE__ . '\tell_of_deleted', 10, 2 );

/**
 * Notes what a moderator did, for WP-Cron to tell: nobody at a screen waits for it.
 *
 * @param string      $new_status The status that it has now.
 * @param string      $old_status The status that it had.
 * @param \WP_Comment $comment    The comment.
 */
function note_verdict( $new_status, $old_status, $comment ) {
	$known = '' !== get_comment_meta( $comment->comment_ID, META_ID, true );
	if ( by_service() || $new_status === $old_status || ! $known || ! isset( VERDICTS[ $new_status ] ) ) {
		return;
	}
	if ( ! current_user_can( 'edit_comment', $comment->comment_ID ) ) {
		return;
	}
	if ( 'unapproved' === $new_status && 'approved' !== $old_status ) { // "Undo", "Not spam", "Restore": taken back, and nothing new said.
		delete_comment_meta( $comment->comment_ID, META_VERDICT, $old_status );
		return;
	}
	if ( 'trash' === $new_status && 'unapproved' === get_comment_meta( $comment->comment_ID, META_VERDICT, true ) ) {
		return; // The same verdict, which "Restore" does not take back.
	}
	update_comment_meta( $comment->comment_ID, META_VERDICT, $new_status );
}

/**
 * What is noted goes with a comment that is deleted for good, so WP-Cron is told it. To delete one that waits is to reject it.
 *
 * @param int|string  $comment_id The comment.
 * @param \WP_Comment $comment    The same.
 */
function keep_verdict( $comment_id, $comment ) {
	$id      = get_comment_meta( $comment_id, META_ID, true );
	$noted   = get_comment_meta( $comment_id, META_VERDICT, true );
	$refused = '0' === $comment->comment_approved && ! by_service() && current_user_can( 'edit_comment', $comment_id );
	if ( '' !== $id && '' !== setting( 'token' ) && ( $refused || '' !== $noted ) ) {
		wp_schedule_single_event( time(), CRON_DELETED, array( $id, $refused ? 'trash' : $noted ) );
	}
}

/**
 * Tells a verdict on a comment that is no more in WordPress, later again where the service cannot take it now. Without a token, nobody.
 *
 * @param string $id    The comment's id at the service.
 * @param string $noted A key of VERDICTS.
 */
function tell_of_deleted( $id, $noted ) {
	if ( '' === setting( 'token' ) ) {
		return;
	}
	list( $status ) = tell( $id, VERDICTS[ $noted ] );
	if ( 409 === $status || may_change( $status ) ) {
		wp_schedule_single_event( time() + 10 * MINUTE_IN_SECONDS, CRON_DELETED, array( $id, $noted ) );
	}
}

/** Tells the service what is noted, until it stops answering. */
function tell_verdicts() {
	if ( '' === setting( 'token' ) ) {
		return;
	}
	foreach ( marked( META_VERDICT, TOLD_AT_ONCE ) as $comment ) {
		$noted               = get_comment_meta( $comment->comment_ID, META_VERDICT, true );
		list( $status, $at ) = tell( get_comment_meta( $comment->comment_ID, META_ID, true ), VERDICTS[ $noted ] );
		if ( may_change( $status ) ) {
			return;
		}
		if ( '' !== $at ) {
			keep_event( $comment->comment_ID, array( 'timestamp' => $at ) + event_of( $comment->comment_ID ) );
		}
		if ( 409 !== $status ) {
			delete_comment_meta( $comment->comment_ID, META_VERDICT, $noted );
		}
	}
}

/**
 * Gives a verdict or, where the comment is decided already, a correction.
 *
 * @param string $id      The comment's id at the service.
 * @param array  $verdict As POST /v1/comments/{id}/verdict takes it.
 * @return array{int, string} 200 where the comment stands as the verdict says, 409 where somebody else has it in hand, else the status;
 *                            and when it was given, where it was.
 */
function tell( $id, $verdict ) {
	$path                = '/v1/comments/' . rawurlencode( $id );
	list( $status, $to ) = call( 'POST', "$path/verdict", setting( 'token' ), $verdict );
	if ( 409 === $status ) {
		list( $status, $to ) = call( 'POST', "$path/verdict", setting( 'token' ), $verdict + array( 'correct' => true ) );
	}
	if ( 200 === $status ) {
		update_option( NAME, $to['moderator'] ?? '', false );
	}
	if ( 409 === $status ) {
		list( $found, $known ) = call( 'GET', $path, setting( 'key' ) );
		$status                = 200 === $found && $verdict['verdict'] === ( $known['comment']['state'] ?? '' ) ? 200 : 409;
	}
	return array( $status, (string) ( $to['at'] ?? '' ) );
}
