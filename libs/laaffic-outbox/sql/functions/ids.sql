-- The id of the next chunk, for a statement that stores more than its row. With the rights of its owner: who may insert
-- chunks need no rights of their own on the sequence.
create function outbox.next_chunk_id() returns bigint language sql volatile security definer as $$
  select pg_catalog.nextval('outbox.chunk_id_seq'::pg_catalog.regclass)
$$;

-- The ids of the next chunks, ascending.
create function outbox.next_chunk_ids(p_count int) returns setof bigint language sql volatile security definer as $$
  select pg_catalog.nextval('outbox.chunk_id_seq'::pg_catalog.regclass) from pg_catalog.generate_series(1, p_count)
$$;

-- The same for campaigns.
create function outbox.next_campaign_id() returns bigint language sql volatile security definer as $$
  select pg_catalog.nextval('outbox.campaign_id_seq'::pg_catalog.regclass)
$$;
