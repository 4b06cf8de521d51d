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
	if ( current_user_can( 'edit_comment', $comment->comment_ID ) ) {
		update_comment_meta( $comment->comment_ID, META_VERDICT, $new_status );
	}
}

/** Tells the service what is noted, until it stops answering. */
function tell_verdicts() {
	if ( '' === setting( 'token' ) ) {
		return;
	}
	foreach ( marked( META_VERDICT, TOLD_AT_ONCE ) as $comment ) {
		$noted  = get_comment_meta( $comment->comment_ID, META_VERDICT, true );
		$status = tell( get_comment_meta( $comment->comment_ID, META_ID, true ), VERDICTS[ $noted ] );
		if ( may_change( $status ) ) {
			return;
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
 * @return int 200 where the comment stands as the verdict says, 409 where somebody else has it in hand, else the status.
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
		return 200 === $found && $verdict['verdict'] === ( $known['comment']['state'] ?? '' ) ? 200 : 409;
	}
	return $status;
}
