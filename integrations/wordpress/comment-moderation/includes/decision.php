<?php
/**
 * A reader's comment: the service is asked before it is stored or, where it did not answer, later; and again when it is edited.
 *
 * @package CommentModeration
 */

namespace CommentModeration;

defined( 'ABSPATH' ) || exit;

const ASKED_AT_ONCE = 20; // In one run of WP-Cron.

add_filter( 'pre_comment_approved', __NAMESPACE__ . '\decide', 20, 2 );
add_action( 'wp_insert_comment', __NAMESPACE__ . '\remember', 10, 1 );
add_action( 'edit_comment', __NAMESPACE__ . '\judge_edit', 10, 1 );

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
	keep( $comment_id, $status, $answer );
}

/**
 * Has an edited text judged anew. What a moderator edits stays where it is, and to leave it published is a verdict on the new text.
 *
 * @param int $comment_id The comment.
 */
function judge_edit( $comment_id ) {
	$id = get_comment_meta( $comment_id, META_ID, true );
	if ( '' === $id || ! is_configured() ) {
		return;
	}
	$comment                 = get_comment( $comment_id );
	list( $status, $answer ) = ask( described( $id, $comment->to_array() ) );
	$published               = '1' === $comment->comment_approved;
	keep( $comment_id, $status, $answer );
	if ( null !== $answer && $answer['repeated'] ) {
		return; // The text is as it was.
	}
	if ( current_user_can( 'edit_comment', $comment_id ) ) {
		$published && update_comment_meta( $comment_id, META_VERDICT, 'approved' );
		return;
	}
	delete_comment_meta( $comment_id, META_VERDICT ); // Of the text before.
	if ( null !== $answer ) {
		set_status( $comment_id, status_for( $answer['decision'], $comment->to_array() ) );
	} elseif ( $published && 'hold' === setting( 'fallback' ) ) {
		set_status( $comment_id, 0 );
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
		keep( $comment->comment_ID, $status, $answer );
		if ( may_change( $status ) ) {
			return false;
		}
		if ( null !== $answer && '' === get_comment_meta( $comment->comment_ID, META_VERDICT, true ) ) {
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
 * Keeps what the columns and boxes show, or the debt of an answer.
 *
 * @param int        $comment_id The comment.
 * @param int        $status     The status that the service answered.
 * @param array|null $answer     Its answer.
 */
function keep( $comment_id, $status, $answer ) {
	if ( may_change( $status ) ) {
		update_comment_meta( $comment_id, META_PENDING, $status );
		return;
	}
	delete_comment_meta( $comment_id, META_PENDING );
	if ( null !== $answer ) {
		$shown  = array_intersect_key( $answer, array_flip( array( 'decision', 'reasons', 'scores', 'model_version', 'policy_version' ) ) );
		$shown += array( 'revision' => $answer['comment']['revision'] );
		update_comment_meta( $comment_id, META_ANSWER, wp_slash( wp_json_encode( $shown ) ) );
	}
}
