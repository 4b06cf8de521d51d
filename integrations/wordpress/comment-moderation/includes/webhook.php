<?php
/**
 * Verdicts given in the service's queue, by signed webhook (Standard Webhooks).
 *
 * @package CommentModeration
 */

namespace CommentModeration;

defined( 'ABSPATH' ) || exit;

const ROUTE     = 'comment-moderation/v1/events';
const TOLERANCE = 5 * MINUTE_IN_SECONDS;
const STATES    = array( 'approve', 'hold', 'reject' );

add_action( 'rest_api_init', __NAMESPACE__ . '\register_route' );

/** Opens the address that the service calls. */
function register_route() {
	list( $vendor, $version, $name ) = explode( '/', ROUTE );
	register_rest_route(
		"$vendor/$version",
		"/$name",
		array(
			'methods'             => 'POST',
			'callback'            => __NAMESPACE__ . '\hear',
			'permission_callback' => __NAMESPACE__ . '\check_signature',
		)
	);
}

/**
 * Whether the service signed this, lately.
 *
 * @param \WP_REST_Request $request The request.
 * @return true|\WP_Error
 */
function check_signature( $request ) {
	$id     = (string) $request->get_header( 'webhook-id' );
	$time   = (string) $request->get_header( 'webhook-timestamp' );
	$secret = base64_decode( preg_replace( '/^whsec_/', '', setting( 'secret' ) ), true ); // phpcs:ignore
	$fresh  = ctype_digit( $time ) && strlen( $time ) < 12 && abs( time() - (int) $time ) <= TOLERANCE;
	if ( '' !== $id && $fresh && is_string( $secret ) && strlen( $secret ) >= 24 ) {
		$expected = 'v1,' . base64_encode( hash_hmac( 'sha256', "$id.$time." . $request->get_body(), $secret, true ) ); // phpcs:ignore
		foreach ( explode( ' ', (string) $request->get_header( 'webhook-signature' ) ) as $signature ) {
			if ( hash_equals( $expected, $signature ) ) {
				return true;
			}
		}
	}
	return new \WP_Error( 'comment_moderation_signature', __( 'The signature is missing, wrong or too old.', 'comment-moderation' ), array( 'status' => 401 ) );
}

/**
 * Puts a comment where the service says that it stands. Answers 200 also for what there is nothing to do about.
 *
 * @param \WP_REST_Request $request A signed request.
 * @return array|\WP_Error
 */
function hear( $request ) {
	$event   = json_decode( $request->get_body(), true );
	$about   = $event['data']['comment'] ?? array();
	$verdict = $event['data']['verdict'] ?? null;
	$found   = is_string( $about['id'] ?? null ) ? marked( META_ID, 1, $about['id'] ) : array();
	if ( ! is_array( $verdict ) || ! in_array( $about['state'] ?? '', STATES, true ) || array() === $found ) {
		return array( 'changed' => false );
	}
	$told = array(
		'id'        => (string) $request->get_header( 'webhook-id' ),
		'sent'      => (int) $request->get_header( 'webhook-timestamp' ),
		'timestamp' => (string) ( $event['timestamp'] ?? '' ),
		'state'     => $about['state'],
		'revision'  => (int) ( $about['revision'] ?? 0 ),
		'verdict'   => $verdict,
	);
	return apply( (int) $found[0]->comment_ID, $told );
}

/**
 * Applies a verdict once, no older one after it, and none on a text that was edited since. While the service is still to be asked about
 * the comment, nothing is applied: its answer will say where the comment stands.
 *
 * @param int   $comment_id The comment.
 * @param array $told       What the service told.
 * @return array|\WP_Error
 */
function apply( $comment_id, $told ) {
	$before = event_of( $comment_id );
	if ( $told['id'] === $before['id'] && $told['sent'] <= $before['sent'] ) {
		return new \WP_Error( 'comment_moderation_replay', __( 'This request was received before.', 'comment-moderation' ), array( 'status' => 409 ) );
	}
	$older = strcmp( $told['timestamp'], $before['timestamp'] ) < 0 || $told['revision'] < answer_of( $comment_id )['revision'];
	if ( $told['id'] === $before['id'] || $older || '' !== get_comment_meta( $comment_id, META_PENDING, true ) ) {
		return array( 'changed' => false );
	}
	$ours  = ( $told['verdict']['moderator'] ?? '' ) === get_option( NAME, null );
	$later = '' !== setting( 'token' ) && '' !== get_comment_meta( $comment_id, META_VERDICT, true ); // A moderator here said something since.
	if ( ! $ours && ! $later ) {
		set_status( $comment_id, array( 'approve' => 1, 'hold' => 0, 'reject' => setting( 'reject' ) )[ $told['state'] ] ); // phpcs:ignore
		delete_comment_meta( $comment_id, META_VERDICT );
	}
	keep_event( $comment_id, $told );
	return array( 'changed' => ! $ours && ! $later );
}

/**
 * Keeps the newest verdict, so that none that was given before it is applied after it.
 *
 * @param int|string $comment_id The comment.
 * @param array      $told       As apply takes it.
 */
function keep_event( $comment_id, $told ) {
	update_comment_meta( $comment_id, META_EVENT, wp_slash( wp_json_encode( $told ) ) );
}

/**
 * The newest verdict that the service told of a comment.
 *
 * @param int $comment_id The comment.
 */
function event_of( $comment_id ) {
	$kept = json_decode( (string) get_comment_meta( $comment_id, META_EVENT, true ), true );
	$none = array(
		'id'        => '',
		'sent'      => 0,
		'timestamp' => '',
		'verdict'   => array(),
	);
	return ( is_array( $kept ) ? $kept : array() ) + $none;
}
