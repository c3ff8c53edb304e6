-- Templates: texts with variables.

-- Makes a new version unless the current one is the same and not archived. Returns the current version, and whether it
-- is new. Calls for one template wait for each other.
create function outbox.put_template(
  p_account text, p_name text, p_texts json, p_default_locale text, p_max_parts int, p_keeps_line_ends boolean, p_actor text,
  out current_version int, out is_new boolean
) language plpgsql as $$
declare
  found_template outbox.template%rowtype;
begin
  insert into outbox.template (account, name) values (p_account, p_name) on conflict do nothing;
  select * into strict found_template from outbox.template t where t.account = p_account and t.name = p_name for update;
  current_version := found_template.version;
  is_new := found_template.archived_at is not null or not exists (
    select from outbox.template_version v
    where v.template_id = found_template.id and v.version = found_template.version and v.texts = p_texts::jsonb
      and v.default_locale = p_default_locale and v.max_parts is not distinct from p_max_parts
      and v.keeps_line_ends = p_keeps_line_ends
  );
  if not is_new then return; end if;
  current_version := current_version + 1;
  insert into outbox.template_version (template_id, version, texts, default_locale, max_parts, keeps_line_ends, created_by)
    values (found_template.id, current_version, p_texts::jsonb, p_default_locale, p_max_parts, p_keeps_line_ends, p_actor);
  update outbox.template t set version = current_version, archived_at = null where t.id = found_template.id;
  perform outbox.record_history(p_account, null, null, null, 'template changed', p_actor,
    format('%s: version %s', p_name, current_version));
  perform outbox.notify('outbox:template', p_account);
end $$;

-- Returns whether it was not archived before; null if there is no such template.
create function outbox.archive_template(p_account text, p_name text, p_actor text) returns boolean language plpgsql as $$
declare
  found_template outbox.template%rowtype;
begin
  select * into found_template from outbox.template t where t.account = p_account and t.name = p_name for update;
  if found_template.id is null then return null; end if;
  if found_template.archived_at is not null then return false; end if;
  update outbox.template t set archived_at = clock_timestamp() where t.id = found_template.id;
  perform outbox.record_history(p_account, null, null, null, 'template archived', p_actor, p_name);
  perform outbox.notify('outbox:template', p_account);
  return true;
end $$;
