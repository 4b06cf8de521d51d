<?php
/**
 * What the service is told of a comment: its text, the post, the comment that it answers, and its author.
 *
 * @package CommentModeration
 */

namespace CommentModeration;

defined( 'ABSPATH' ) || exit;

const LONGEST = array(
	'comment' => 20000,
	'article' => 100000,
	'title'   => 1000,
	'name'    => 200,
);

/**
 * A comment as POST /v1/comments takes it.
 *
 * @param string $id   The comment's id at the service.
 * @param array  $data The comment, as WordPress has it.
 */
function described( $id, $data ) {
	$told     = array(
		'id'      => $id,
		'text'    => cut( $data['comment_content'], 'comment' ),
		'article' => article( (int) $data['comment_post_ID'] ),
		'parent'  => parent_of( $data ),
		'author'  => author_of( $data ),
	);
	$language = get_bloginfo( 'language' );
	if ( preg_match( '/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$/', $language ) ) {
		$told['language'] = $language;
	}
	return without_nothing( $told );
}

/**
 * What is said; a "0" is a comment's whole text now and then.
 *
 * @param array $told What may be null or empty.
 */
function without_nothing( $told ) {
	return array_filter( $told, static fn ( $part ) => ! in_array( $part, array( null, '', array() ), true ) );
}

/**
 * The post that a comment is about, as plain text.
 *
 * @param int $post_id The post.
 */
function article( $post_id ) {
	$post = get_post( $post_id );
	if ( null === $post ) {
		return null;
	}
	return array(
		'id'    => (string) $post_id,
		'url'   => (string) get_permalink( $post ),
		'title' => cut( plain( $post->post_title ), 'title' ),
		'text'  => cut( plain( without_shortcodes( $post->post_content ) ), 'article' ),
	);
}

/**
 * A post without the tags of shortcodes. What stands between them is kept: page builders put whole articles there.
 *
 * @param string $content The post's content.
 */
function without_shortcodes( $content ) {
	$names = implode( '|', array_map( 'preg_quote', array_keys( $GLOBALS['shortcode_tags'] ) ) );
	return '' === $names ? $content : preg_replace( '#\[/?(?:' . $names . ')(?![\w-])[^\[\]]*\]#', ' ', $content );
}

/**
 * The comment that this one answers.
 *
 * @param array $data The comment.
 */
function parent_of( $data ) {
	$parent = empty( $data['comment_parent'] ) ? null : get_comment( (int) $data['comment_parent'] );
	if ( null === $parent ) {
		return null;
	}
	$id = get_comment_meta( $parent->comment_ID, META_ID, true );
	return without_nothing(
		array(
			'id'   => $id,
			'text' => cut( $parent->comment_content, 'comment' ),
		)
	);
}

/**
 * Who wrote it, without an address: the account or, for a guest, a hash of the e-mail address.
 *
 * @param array $data The comment.
 */
function author_of( $data ) {
	$user = empty( $data['user_id'] ) ? false : get_userdata( (int) $data['user_id'] );
	$mail = strtolower( trim( $data['comment_author_email'] ?? '' ) );
	if ( false === $user && '' === $mail ) {
		return null;
	}
	$author = array(
		'id'   => $user ? "user-{$user->ID}" : 'guest-' . wp_hash( $mail ),
		'name' => cut( plain( $data['comment_author'] ?? '' ), 'name' ),
	);
	$since  = $user ? strtotime( $user->user_registered . ' UTC' ) : 0;
	return $since > 0 ? $author + array( 'created_at' => gmdate( 'Y-m-d\TH:i:s\Z', $since ) ) : $author; // Imported accounts have 0000-00-00.
}

/**
 * Text without markup, with a space where a paragraph, a cell or the like ends: words of two are not one.
 *
 * @param string $html Text with markup.
 */
function plain( $html ) {
	$apart = preg_replace( '#<(?:br|/(?:p|div|h[1-6]|li|d[td]|t[dh]|figcaption|blockquote|pre))\b#i', ' $0', $html );
	return html_entity_decode( wp_strip_all_tags( $apart ), ENT_QUOTES | ENT_HTML5, 'UTF-8' );
}

/**
 * Text of a length that the service takes, without NUL characters.
 *
 * @param string $text  The text.
 * @param string $which A key of LONGEST.
 */
function cut( $text, $which ) {
	return mb_substr( str_replace( "\0", '', (string) $text ), 0, LONGEST[ $which ], 'UTF-8' );
}
