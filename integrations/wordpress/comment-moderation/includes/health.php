<?php
/**
 * Whether the settings work, told on their page and by Site Health.
 *
 * @package CommentModeration
 */

namespace CommentModeration;

defined( 'ABSPATH' ) || exit;

add_filter( 'site_status_tests', __NAMESPACE__ . '\add_test' );

/**
 * What is wrong, in sentences. The service is asked with each of its secrets.
 *
 * @return string[]
 */
function faults() {
	if ( ! is_configured() ) {
		return array( __( 'No service is asked: its address and an API key are needed.', 'comment-moderation' ) );
	}
	list( $status ) = ask( array() ); // No comment, as which a service that takes the key refuses it.
	if ( ! in_array( $status, array( 401, 403, 422, 429 ), true ) ) {
		return array( __( 'The service does not answer at the address of the settings.', 'comment-moderation' ) );
	}
	$faults = array();
	if ( in_array( $status, array( 401, 403 ), true ) ) {
		$faults[] = __( 'The service does not take the API key of the settings.', 'comment-moderation' );
	}
	if ( '' !== setting( 'token' ) && 401 === call( 'GET', '/v1/queue', setting( 'token' ) )[0] ) {
		$faults[] = __( 'The service does not take the moderator token of the settings. Until it does, what moderators do here does not reach it.', 'comment-moderation' );
	}
	return $faults;
}

/** Shows what is wrong. */
function show_faults() {
	foreach ( faults() as $fault ) {
		echo '<div class="notice notice-error inline"><p>' . esc_html( $fault ) . '</p></div>';
	}
}

/**
 * Adds ours to the tests of Site Health.
 *
 * @param array $tests WordPress' own and other plugins'.
 */
function add_test( $tests ) {
	$tests['direct']['comment_moderation'] = array(
		'label' => __( 'Comment Moderation', 'comment-moderation' ),
		'test'  => __NAMESPACE__ . '\test_settings',
	);
	return $tests;
}

/** The result as Site Health shows it. */
function test_settings() {
	$faults = faults();
	$works  = array() === $faults;
	$said   = $works ? array( __( 'The service answers and takes these settings.', 'comment-moderation' ) ) : $faults;
	return array(
		'test'        => 'comment_moderation',
		'label'       => $works ? __( 'Comments are moderated by your service', 'comment-moderation' ) : __( 'Comments are not moderated as they should be', 'comment-moderation' ),
		'status'      => $works ? 'good' : 'critical',
		'badge'       => array(
			'label' => __( 'Comments', 'comment-moderation' ),
			'color' => 'blue',
		),
		'description' => '<p>' . implode( '</p><p>', array_map( 'esc_html', $said ) ) . '</p>',
		'actions'     => '<a href="' . esc_url( admin_url( 'options-general.php?page=comment-moderation' ) ) . '">' . esc_html__( 'Settings of Comment Moderation', 'comment-moderation' ) . '</a>',
	);
}
