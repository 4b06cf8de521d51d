<?php
/**
 * What moderators see: a column in the list of comments, and a box on each.
 *
 * @package CommentModeration
 */

namespace CommentModeration;

defined( 'ABSPATH' ) || exit;

add_filter( 'manage_edit-comments_columns', __NAMESPACE__ . '\add_column' );
add_action( 'manage_comments_custom_column', __NAMESPACE__ . '\show_column', 10, 2 );
add_action( 'add_meta_boxes_comment', __NAMESPACE__ . '\add_box' );

/**
 * Adds the column.
 *
 * @param string[] $columns The list's columns.
 */
function add_column( $columns ) {
	return $columns + array( 'comment_moderation' => __( 'Moderation', 'comment-moderation' ) );
}

/**
 * The decision, and why, in a few words.
 *
 * @param string $column     The column.
 * @param string $comment_id The comment.
 */
function show_column( $column, $comment_id ) {
	if ( 'comment_moderation' !== $column || ! current_user_can( 'edit_comment', $comment_id ) ) {
		return;
	}
	$answer = answer_of( $comment_id );
	echo '<strong>' . esc_html( headline( $comment_id, $answer ) ) . '</strong>';
	foreach ( $answer['reasons'] as $reason ) {
		echo '<br>' . esc_html( $reason['message'] ?? '' );
	}
}

/**
 * Adds the box.
 *
 * @param \WP_Comment $comment The comment.
 */
function add_box( $comment ) {
	if ( '' !== get_comment_meta( $comment->comment_ID, META_ID, true ) ) {
		add_meta_box( 'comment-moderation', __( 'Moderation', 'comment-moderation' ), __NAMESPACE__ . '\show_box', 'comment', 'normal' );
	}
}

/**
 * All that is known: the decision, its reasons with scores and words, and the newest verdict.
 *
 * @param \WP_Comment $comment The comment.
 */
function show_box( $comment ) {
	$answer = answer_of( $comment->comment_ID );
	echo '<p><strong>' . esc_html( headline( $comment->comment_ID, $answer ) ) . '</strong></p><ul>';
	foreach ( $answer['reasons'] as $reason ) {
		echo '<li>' . esc_html( reason_in_words( $reason ) ) . '</li>';
	}
	echo '</ul>';
	$verdict = event_of( $comment->comment_ID )['verdict'];
	if ( array() !== $verdict ) {
		/* translators: 1: a moderator's name, 2: approve, reject or hold, 3: a time. */
		echo '<p>' . esc_html( sprintf( __( 'Verdict of %1$s: %2$s (%3$s)', 'comment-moderation' ), $verdict['moderator'] ?? '', word( $verdict['verdict'] ?? '' ), $verdict['at'] ?? '' ) ) . '</p>';
	}
	if ( '' !== $answer['model_version'] ) {
		/* translators: 1: a version of the model, 2: a version of the policy. */
		echo '<p class="description">' . esc_html( sprintf( __( 'Model %1$s, policy %2$s', 'comment-moderation' ), $answer['model_version'], $answer['policy_version'] ) ) . '</p>';
	}
}

/**
 * What is kept of the service's answer.
 *
 * @param int|string $comment_id The comment.
 */
function answer_of( $comment_id ) {
	$kept = json_decode( (string) get_comment_meta( $comment_id, META_ANSWER, true ), true );
	$none = array(
		'decision'       => '',
		'reasons'        => array(),
		'model_version'  => '',
		'policy_version' => '',
		'revision'       => 0,
	);
	return ( is_array( $kept ) ? $kept : array() ) + $none;
}

/**
 * Where the comment stands with the service.
 *
 * @param int|string $comment_id The comment.
 * @param array      $answer     The kept answer.
 */
function headline( $comment_id, $answer ) {
	$pending = get_comment_meta( $comment_id, META_PENDING, true );
	if ( in_array( $pending, array( '401', '403' ), true ) ) {
		return __( 'The service does not take the API key of the settings; it is asked again.', 'comment-moderation' );
	}
	if ( '' !== $pending ) {
		return __( 'The service did not answer; it is asked again.', 'comment-moderation' );
	}
	$asked = '' !== get_comment_meta( $comment_id, META_ID, true );
	if ( $asked && '' === $answer['decision'] && 'unapproved' === wp_get_comment_status( (int) $comment_id ) ) {
		return __( 'The service refused to judge this comment; a person should decide.', 'comment-moderation' );
	}
	return word( $answer['decision'] );
}

/**
 * A decision or verdict in the reader's language.
 *
 * @param string $decision approve, hold or reject.
 */
function word( $decision ) {
	$words = array(
		'approve' => __( 'Approved', 'comment-moderation' ),
		'hold'    => __( 'Held', 'comment-moderation' ),
		'reject'  => __( 'Rejected', 'comment-moderation' ),
	);
	return $words[ $decision ] ?? '';
}

/**
 * One reason with its score, threshold and words.
 *
 * @param array $reason As the service tells it.
 */
function reason_in_words( $reason ) {
	$said = (string) ( $reason['message'] ?? '' );
	if ( isset( $reason['score'], $reason['threshold'] ) ) {
		/* translators: 1: a score from 0 to 1, 2: the threshold that it crossed. */
		$said .= ' ' . sprintf( __( '(%1$.2f, threshold %2$.2f)', 'comment-moderation' ), $reason['score'], $reason['threshold'] );
	}
	$words = array_filter( (array) ( $reason['words'] ?? array() ), 'is_string' );
	return array() === $words ? $said : $said . ' [' . implode( ', ', $words ) . ']';
}
