<?php
/**
 * A reader's comment: the service is asked before it is stored or, where it did not answer, later.
 *
 * @package CommentModeration
 */

namespace CommentModeration;

defined( 'ABSPATH' ) || exit;

const ASKED_AT_ONCE = 20; // In one run of WP-Cron.

add_filter( 'pre_comment_approved', __NAMESPACE__ . '\decide', 20, 2 );
add_action( 'wp_insert_comment', __NAMESPACE__ . '\remember', 10, 1 );

/**
 * The status of a new comment, by the service's decision.
 *
 * @param int|string|\WP_Error $approved What WordPress would do.
 * @param array                $data     The comment.
 */
function decide( $approved, $data ) {
	if ( ! is_for_service( $approved, $data ) ) {
		return $approved;
	}
	$filtered                = empty( $data['filtered'] ) ? wp_filter_comment( wp_slash( $data ) ) : $data; // By REST it comes as it was sent.
	$comment                 = wp_unslash( $filtered );
	list( $id )              = in_hand() ?? array( wp_generate_uuid4() ); // Without the emoji that its table cannot hold, it is the same comment.
	list( $status, $answer ) = ask( described( $id, $comment ) );
	in_hand( array( $id, $answer, $status ) );
	if ( null === $answer ) {
		return 'hold' === setting( 'fallback' ) ? 0 : $approved;
	}
	return status_for( $answer['decision'], $comment );
}

/**
 * Whether the service decides: not of what WordPress refuses already, of pingbacks, or of those who moderate themselves.
 *
 * @param int|string|\WP_Error $approved What WordPress would do.
 * @param array                $data     The comment.
 */
function is_for_service( $approved, $data ) {
	$refused = is_wp_error( $approved ) || in_array( $approved, array( 'spam', 'trash' ), true );
	$type    = $data['comment_type'] ?? '';
	$trusted = ! empty( $data['user_id'] ) && user_can( (int) $data['user_id'], 'moderate_comments' );
	return is_configured() && ! $refused && ! $trusted && in_array( $type, array( '', 'comment' ), true );
}

/**
 * What was asked of the comment that is just being stored: it has no id in WordPress before that.
 *
 * @param array|false|null $asked What to keep; null takes it out.
 */
function in_hand( $asked = null ) {
	static $kept = null;
	$before      = $kept;
	$kept        = $asked;
	return $before;
}

/**
 * Keeps the answer, or the debt of one, with the stored comment.
 *
 * @param int $comment_id The comment.
 */
function remember( $comment_id ) {
	$asked = in_hand();
	if ( null === $asked ) {
		return;
	}
	list( $id, $answer, $status ) = $asked;
	add_comment_meta( $comment_id, META_ID, $id, true );
	if ( null !== $answer ) {
		keep_answer( $comment_id, $answer );
	} elseif ( may_change( $status ) ) {
		add_comment_meta( $comment_id, META_PENDING, $status, true );
	}
}

/**
 * Asks about comments that the service did not answer for. A moderator's verdict given meanwhile stands.
 *
 * @return bool Whether the service answers.
 */
function ask_again() {
	foreach ( marked( META_PENDING, ASKED_AT_ONCE ) as $comment ) {
		$id                      = get_comment_meta( $comment->comment_ID, META_ID, true );
		list( $status, $answer ) = ask( described( $id, $comment->to_array() ) );
		if ( null === $answer && may_change( $status ) ) {
			update_comment_meta( $comment->comment_ID, META_PENDING, $status );
			return false;
		}
		delete_comment_meta( $comment->comment_ID, META_PENDING );
		if ( null === $answer ) {
			continue;
		}
		keep_answer( $comment->comment_ID, $answer );
		if ( '' === get_comment_meta( $comment->comment_ID, META_VERDICT, true ) ) {
			set_status( $comment->comment_ID, status_for( $answer['comment']['state'] ?? $answer['decision'], $comment->to_array() ) );
		}
	}
	return true;
}

/**
 * WordPress' status for the service's word. What WordPress is to hold whoever wrote it, the service does not publish.
 *
 * @param string $decision approve, hold or reject.
 * @param array  $data     The comment.
 * @return int|string
 */
function status_for( $decision, $data ) {
	if ( 'reject' === $decision ) {
		return setting( 'reject' );
	}
	return 'approve' === $decision && ! is_to_be_held( $data ) ? 1 : 0;
}

/**
 * Whether every comment must be approved by hand, or this one has a word of the list that holds. WordPress' rules for new
 * authors and links are the service's to decide.
 *
 * @param array $data The comment.
 */
function is_to_be_held( $data ) {
	$replaced = array( 'pre_option_comment_previously_approved', 'pre_option_comment_max_links' );
	$of       = static fn ( $name ) => (string) ( $data[ $name ] ?? '' );
	foreach ( $replaced as $option ) {
		add_filter( $option, '__return_zero' );
	}
	$passes = check_comment(
		$of( 'comment_author' ),
		$of( 'comment_author_email' ),
		$of( 'comment_author_url' ),
		$of( 'comment_content' ),
		$of( 'comment_author_IP' ),
		$of( 'comment_agent' ),
		'comment'
	);
	foreach ( $replaced as $option ) {
		remove_filter( $option, '__return_zero' );
	}
	return ! $passes;
}

/**
 * Changes a comment by the service's word: nothing of that is a moderator's verdict.
 *
 * @param int        $comment_id The comment.
 * @param int|string $status     1, 0, spam or trash.
 */
function set_status( $comment_id, $status ) {
	if ( (string) $status === get_comment( $comment_id )->comment_approved ) {
		return;
	}
	by_service( true );
	if ( 'spam' === $status ) {
		wp_spam_comment( $comment_id );
	} elseif ( 'trash' === $status ) {
		wp_trash_comment( $comment_id );
	} else {
		wp_set_comment_status( $comment_id, 1 === $status ? 'approve' : 'hold' );
	}
	by_service( false );
}

/**
 * Whether a change under way is the service's.
 *
 * @param bool|null $now Sets it.
 */
function by_service( $now = null ) {
	static $is = false;
	$is        = $now ?? $is;
	return $is;
}

/**
 * Keeps what the columns and boxes show.
 *
 * @param int   $comment_id The comment.
 * @param array $answer     The service's answer.
 */
function keep_answer( $comment_id, $answer ) {
	$shown = array_intersect_key( $answer, array_flip( array( 'decision', 'reasons', 'scores', 'model_version', 'policy_version' ) ) );
	update_comment_meta( $comment_id, META_ANSWER, wp_slash( wp_json_encode( $shown ) ) );
}
