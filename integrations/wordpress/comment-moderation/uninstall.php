<?php
/**
 * Removes all that the plugin kept. The comments stay as they are.
 *
 * @package CommentModeration
 */

defined( 'WP_UNINSTALL_PLUGIN' ) || exit;

delete_option( 'comment_moderation_service' );
delete_option( 'comment_moderation_name' );
wp_clear_scheduled_hook( 'comment_moderation_sync' );
wp_unschedule_hook( 'comment_moderation_deleted' );
foreach ( array( 'id', 'answer', 'pending', 'verdict', 'event' ) as $comment_moderation_mark ) {
	delete_metadata( 'comment', 0, "_comment_moderation_$comment_moderation_mark", '', true );
}
