<?php
/**
 * Calls of the service.
 *
 * @package CommentModeration
 */

namespace CommentModeration;

defined( 'ABSPATH' ) || exit;

const TIMEOUT = 2; // Seconds that a reader waits at the most.

/**
 * Calls the service.
 *
 * @param string     $method GET or POST.
 * @param string     $path   Below the service's address.
 * @param string     $bearer The key or the token.
 * @param array|null $body   What is sent as JSON.
 * @return array{int, array} The status, 0 where nobody answered or somebody else did, as a proxy with a page; and what was answered.
 */
function call( $method, $path, $bearer, $body = null ) {
	$flags   = JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES | JSON_INVALID_UTF8_SUBSTITUTE;
	$request = array(
		'method'      => $method,
		'timeout'     => TIMEOUT,
		'redirection' => 0,
		'headers'     => array(
			'Authorization' => "Bearer $bearer",
			'Content-Type'  => 'application/json',
		),
	);
	if ( null !== $body ) {
		$request['body'] = wp_json_encode( $body, $flags );
	}
	$answer = wp_remote_request( setting( 'address' ) . $path, $request );
	if ( is_wp_error( $answer ) ) {
		return array( 0, array() );
	}
	$told = json_decode( wp_remote_retrieve_body( $answer ), true );
	return is_array( $told ) ? array( (int) wp_remote_retrieve_response_code( $answer ), $told ) : array( 0, array() );
}

/**
 * Whether a later try may be answered otherwise.
 *
 * @param int $status The status of an answer, 0 for none.
 */
function may_change( $status ) {
	return 0 === $status || $status >= 500 || in_array( $status, array( 401, 403, 408, 429 ), true );
}

/**
 * The service's decision on a comment.
 *
 * @param array $comment As POST /v1/comments takes it.
 * @return array{int, array|null} The status, and the decision where there is one.
 */
function ask( $comment ) {
	list( $status, $told ) = call( 'POST', '/v1/comments', setting( 'key' ), $comment );
	$known                 = 200 === $status && in_array( $told['decision'] ?? null, array( 'approve', 'hold', 'reject' ), true );
	return array( $status, $known ? $told : null );
}
