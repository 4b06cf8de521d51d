<?php
/**
 * The settings: one option, one page.
 *
 * @package CommentModeration
 */

namespace CommentModeration;

defined( 'ABSPATH' ) || exit;

const DEFAULTS = array(
	'address'  => '',
	'key'      => '',
	'token'    => '',
	'secret'   => '',
	'fallback' => 'hold',
	'reject'   => 'spam',
);
const SECRETS  = array( 'key', 'token', 'secret' );

add_action( 'admin_init', __NAMESPACE__ . '\register_settings' );
add_action( 'admin_menu', __NAMESPACE__ . '\add_page' );

/**
 * One setting.
 *
 * @param string $name A key of DEFAULTS.
 */
function setting( $name ) {
	return ( (array) get_option( OPTION, array() ) + DEFAULTS )[ $name ];
}

/** Whether there is a service to ask. */
function is_configured() {
	return '' !== setting( 'address' ) && '' !== setting( 'key' );
}

/** Registers the option with its check. */
function register_settings() {
	register_setting(
		'comment_moderation',
		OPTION,
		array(
			'type'              => 'array',
			'sanitize_callback' => __NAMESPACE__ . '\sanitize',
			'default'           => array(),
		)
	);
}

/**
 * What the form sent, as it may be kept. An empty secret keeps the one that is stored, which no page shows.
 *
 * @param mixed $sent The form's fields.
 */
function sanitize( $sent ) {
	$sent = wp_parse_args( is_array( $sent ) ? $sent : array(), DEFAULTS );
	$kept = array( 'address' => untrailingslashit( esc_url_raw( trim( $sent['address'] ), array( 'http', 'https' ) ) ) );
	foreach ( SECRETS as $name ) {
		$value         = sanitize_text_field( $sent[ $name ] );
		$kept[ $name ] = '' === $value ? setting( $name ) : $value;
	}
	$kept['fallback'] = 'wordpress' === $sent['fallback'] ? 'wordpress' : 'hold';
	$kept['reject']   = 'trash' === $sent['reject'] ? 'trash' : 'spam';
	return $kept;
}

/** Adds the page below Settings. */
function add_page() {
	$title = __( 'Comment Moderation', 'comment-moderation' );
	add_options_page( $title, $title, 'manage_options', 'comment-moderation', __NAMESPACE__ . '\show_page' );
}

/** The page. */
function show_page() {
	if ( ! current_user_can( 'manage_options' ) ) {
		return;
	}
	echo '<div class="wrap"><h1>' . esc_html__( 'Comment Moderation', 'comment-moderation' ) . '</h1>';
	show_faults();
	echo '<form method="post" action="options.php">';
	settings_fields( 'comment_moderation' );
	echo '<table class="form-table" role="presentation">';
	show_text( 'address', 'url', __( 'Address of the service', 'comment-moderation' ), __( 'Such as https://moderation.example.org', 'comment-moderation' ) );
	show_text( 'key', 'password', __( 'API key', 'comment-moderation' ), 'flask --app service key create --site NAME' );
	show_text( 'token', 'password', __( 'Moderator token', 'comment-moderation' ), __( 'The token of a moderator made for this WordPress alone. With it, what moderators do here reaches the service.', 'comment-moderation' ) );
	show_text( 'secret', 'password', __( 'Signing secret', 'comment-moderation' ), __( 'The secret of an endpoint with the URL below. With it, verdicts given in the service reach this WordPress:', 'comment-moderation' ) . ' ' . rest_url( ROUTE ) );
	show_choice(
		'fallback',
		__( 'When the service does not answer', 'comment-moderation' ),
		array(
			'hold'      => __( 'Hold the comment until the service answers', 'comment-moderation' ),
			'wordpress' => __( 'Do as WordPress would without this plugin until the service answers', 'comment-moderation' ),
		)
	);
	show_choice(
		'reject',
		__( 'A rejected comment goes to', 'comment-moderation' ),
		array(
			'spam'  => __( 'Spam', 'comment-moderation' ),
			'trash' => __( 'Trash', 'comment-moderation' ),
		)
	);
	echo '</table>';
	submit_button();
	echo '</form></div>';
}

/**
 * One line of text. A secret is never shown again.
 *
 * @param string $name  The setting.
 * @param string $type  The input's type.
 * @param string $label What it is.
 * @param string $help  Where it comes from.
 */
function show_text( $name, $type, $label, $help ) {
	$secret = in_array( $name, SECRETS, true );
	$hint   = $secret && '' !== setting( $name ) ? __( 'Set. Leave empty to keep it.', 'comment-moderation' ) : '';
	printf(
		'<tr><th scope="row"><label for="cm-%1$s">%2$s</label></th><td><input class="regular-text" id="cm-%1$s" name="%3$s[%1$s]" type="%4$s" value="%5$s" placeholder="%6$s" autocomplete="off" aria-describedby="cm-%1$s-help"><p class="description" id="cm-%1$s-help">%7$s</p></td></tr>',
		esc_attr( $name ),
		esc_html( $label ),
		esc_attr( OPTION ),
		esc_attr( $type ),
		esc_attr( $secret ? '' : setting( $name ) ),
		esc_attr( $hint ),
		esc_html( $help )
	);
}

/**
 * One choice of several.
 *
 * @param string   $name    The setting.
 * @param string   $label   What it is.
 * @param string[] $choices Value to label.
 */
function show_choice( $name, $label, $choices ) {
	printf( '<tr><th scope="row">%1$s</th><td><fieldset><legend class="screen-reader-text">%1$s</legend>', esc_html( $label ) );
	foreach ( $choices as $value => $text ) {
		printf(
			'<label><input type="radio" name="%s[%s]" value="%s" %s> %s</label><br>',
			esc_attr( OPTION ),
			esc_attr( $name ),
			esc_attr( $value ),
			checked( setting( $name ), $value, false ),
			esc_html( $text )
		);
	}
	echo '</fieldset></td></tr>';
}
