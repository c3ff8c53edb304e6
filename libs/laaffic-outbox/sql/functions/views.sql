-- Recipients in the form in which they are read: one array for each column.

-- The recipients of a chunk that have details of their own, or null. Those without have the state of the chunk.
create function outbox.recipient_columns(p_chunk bigint) returns json language sql stable as $$
  select case when count(*) > 0 then json_build_object(
      'slot', json_agg(m.slot order by m.slot), 'state', json_agg(m.state order by m.slot),
      'msgId', json_agg(m.msg_id order by m.slot), 'code', json_agg(m.code order by m.slot),
      'reason', json_agg(m.reason order by m.slot), 'reportedAt', json_agg(m.reported_at order by m.slot),
      'gatewayTime', json_agg(m.gateway_time order by m.slot),
      -- Only those that have one. A JSON number would not be exact.
      'charges', json_agg(json_build_array(m.slot, m.price::text, m.currency, m.segments, m.mcc, m.mnc))
        filter (where m.price is not null or m.mcc is not null or m.mnc is not null)) end
  from (
    select slot, state, msg_id, code, reason, reported_at, gateway_time, price, currency, segments, mcc, mnc
      from outbox.recipient where chunk_id = p_chunk
    union all
    select coalesce(i.slot::smallint, i.at - 1)::smallint, 'accepted', i.msg_id, null, null, null, null, null, null, null, null, null
      from outbox.pending_result a
      cross join lateral unnest(string_to_array(a.msg_ids, ','), string_to_array(a.slots, ',')) with ordinality i (msg_id, slot, at)
      where a.chunk_id = p_chunk
  ) m
$$;

-- The invalid entries of a chunk, or null.
create function outbox.invalid_columns(p_chunk bigint) returns json language sql stable as $$
  select case when count(*) > 0 then json_build_object(
      'slot', json_agg(e.slot order by e.slot), 'code', json_agg(e.code order by e.slot),
      'reason', json_agg(e.reason order by e.slot), 'line', json_agg(e.line order by e.slot),
      'orderId', json_agg(e.order_id order by e.slot), 'input', json_agg(e.input order by e.slot)) end
  from outbox.invalid_entry e where e.chunk_id = p_chunk
$$;
