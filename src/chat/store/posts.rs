//! Rows of `posts`.

use rusqlite::{Row, params};

use super::db::{Db, Sql, take_within};
use super::transaction::Tx;
use super::users::{self, columns};
use crate::chat::model::error::Result;
use crate::chat::model::id::{PostId, UserId};
use crate::chat::model::profile::Post;
use crate::chat::model::time::Timestamp;

macro_rules! select_post {
    ($rest:literal) => {
        concat!(
            "SELECT p.id AS post_id, p.title, p.content, p.created_at, ",
            columns!("u"),
            " FROM posts p JOIN users u ON u.id = p.author_id ",
            $rest
        )
    };
}

fn post(row: &Row<'_>) -> rusqlite::Result<Post> {
    Ok(Post {
        id: PostId(row.get("post_id")?),
        title: row.get("title")?,
        content: row.get("content")?,
        created_at: Timestamp(row.get("created_at")?),
        author: users::user(row, 4)?,
    })
}

pub fn insert(tx: &Tx<'_>, post: &Post) -> Result<PostId> {
    tx.insert(
        "INSERT INTO posts (author_id, title, content, created_at) VALUES (?1, ?2, ?3, ?4)",
        params![post.author.id.0, post.title, post.content, post.created_at.0],
    )
    .map(PostId)
}

/// Everybody's from above `after`, oldest first, until they weigh so much.
pub fn all(db: &Db, after: PostId, limit: u32, max_weight: usize) -> Result<Vec<Post>> {
    let mut query = db.cached(select_post!("WHERE p.id > ?1 ORDER BY p.id LIMIT ?2"))?;
    let rows = query.query_map(params![after.0, limit], post)?;
    take_within(rows.map(|row| Ok(row?)), Post::weight, max_weight)
}

/// The same of somebody.
pub fn of(db: &Db, author: UserId, after: PostId, limit: u32, max_weight: usize) -> Result<Vec<Post>> {
    let mut query = db.cached(select_post!("WHERE p.author_id = ?1 AND p.id > ?2 ORDER BY p.id LIMIT ?3"))?;
    let rows = query.query_map(params![author.0, after.0, limit], post)?;
    take_within(rows.map(|row| Ok(row?)), Post::weight, max_weight)
}
