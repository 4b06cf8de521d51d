<?php
/**
 * Removes all that the plugin kept, on each blog of a network. The comments stay as they are.
 *
 * @package CommentModeration
 */

defined( 'WP_UNINSTALL_PLUGIN' ) || exit;

$comment_moderation_blogs = is_multisite() ? get_sites( array( 'fields' => 'ids', 'number' => 0 ) ) : array( get_current_blog_id() );
foreach ( $comment_moderation_blogs as $comment_moderation_blog ) {
	is_multisite() && switch_to_blog( $comment_moderation_blog );
	delete_option( 'comment_moderation_service' );
	delete_option( 'comment_moderation_name' );
	wp_clear_scheduled_hook( 'comment_moderation_sync' );
	wp_unschedule_hook( 'comment_moderation_deleted' );
	foreach ( array( 'id', 'answer', 'pending', 'verdict', 'event' ) as $comment_moderation_mark ) {
		delete_metadata( 'comment', 0, "_comment_moderation_$comment_moderation_mark", '', true );
	}
	is_multisite() && restore_current_blog();
}
