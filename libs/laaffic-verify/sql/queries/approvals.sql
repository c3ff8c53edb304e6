-- Approvals for the event handlers of the app. The last parameter is the time. Null for the server's; a test may have a time of
-- its own.

-- name: registerApprovalHandlers (handlers, now?)
insert into verify.approval_handler as w (handler, seen_at)
  select h, coalesce($2::timestamptz, statement_timestamp()) from unnest($1::text[]) h order by h
  on conflict (handler) do update set seen_at = greatest(w.seen_at, excluded.seen_at);

-- name: claimApprovals (handlers, limits, claim, leaseMs, now?)
with moment as materialized (
  select coalesce($5::timestamptz, statement_timestamp()) as now
), due as (
  select d.id from unnest($1::text[], $2::int[]) w (handler, most) cross join lateral (
    select id from verify.approval_delivery where handler = w.handler and due_at <= (select now from moment)
    order by due_at limit w.most for no key update skip locked
  ) d
)
update verify.approval_delivery d set claim = $3::uuid, tries = d.tries + 1,
    due_at = (select now from moment) + $4::float8 * interval '1 millisecond'
  where d.id = any (array(select id from due))
  returning d.id, d.handler, d.verification_id, d.purpose, d.tenant, d.country, d.number, d.approved_at, d.tries;

-- name: renewApproval (id, claim, leaseMs, now?)
update verify.approval_delivery set due_at = coalesce($4::timestamptz, statement_timestamp()) + $3::float8 * interval '1 millisecond'
  where id = $1 and claim = $2::uuid;

-- name: finishApproval (id, claim)
delete from verify.approval_delivery where id = $1 and claim = $2::uuid;

-- name: postponeApproval (id, claim, delayMs, now?)
update verify.approval_delivery set claim = null, due_at = coalesce($4::timestamptz, statement_timestamp()) + $3::float8 * interval '1 millisecond'
  where id = $1 and claim = $2::uuid;

-- name: forgetApprovedNumbers (keptMs, limit, now?)
-- Handlers that fail for so long get their approvals without a number.
with due as (
  select id from verify.approval_delivery
  where number is not null and approved_at <= coalesce($3::timestamptz, statement_timestamp()) - $1::float8 * interval '1 millisecond'
  order by approved_at limit $2 for no key update skip locked
)
update verify.approval_delivery d set number = null from due o where d.id = o.id returning true as "changed!";

-- name: removeGoneApprovalHandlers (keptMs, now?)
-- Handlers that no process has had for so long, and their approvals.
with gone as (
  delete from verify.approval_handler
  where seen_at <= coalesce($2::timestamptz, statement_timestamp()) - $1::float8 * interval '1 millisecond' returning handler
)
delete from verify.approval_delivery d using gone g where d.handler = g.handler returning d.handler;
