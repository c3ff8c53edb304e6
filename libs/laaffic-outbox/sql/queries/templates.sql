-- name: putTemplate (account, name, texts, defaultLocale, maxParts?, keepsLineEnds, actor)
select p.current_version as "version!", p.is_new as "is_new!" from outbox.put_template($1, $2, $3::json, $4, $5, $6, $7) p;

-- name: archiveTemplate (account, name, actor)
select outbox.archive_template($1, $2, $3) as changed;

-- name: findTemplate (account, name, version?)
-- version: null for the current one.
select t.name, v.version, v.texts::text as "texts!", v.default_locale, v.max_parts, v.keeps_line_ends, v.created_by,
  t.created_at, v.created_at as changed_at, t.archived_at
from outbox.template t join outbox.template_version v on v.template_id = t.id
where t.account = $1 and t.name = $2 and v.version = coalesce($3::int, t.version);

-- name: listTemplates (account, includesArchived, after, limit)
-- The current versions, by name. after: the last name of the page before, or an empty text.
select t.name, v.version, v.texts::text as "texts!", v.default_locale, v.max_parts, v.keeps_line_ends, v.created_by,
  t.created_at, v.created_at as changed_at, t.archived_at
from outbox.template t join outbox.template_version v on v.template_id = t.id and v.version = t.version
where t.account = $1 and ($2::boolean or t.archived_at is null) and t.name > $3
order by t.name limit $4::int;
