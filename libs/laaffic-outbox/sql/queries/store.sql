-- name: readInstallation (account)
select i.order_id_prefix, exists (select from outbox.account where id = $1) as "is_known!" from outbox.installation i;

-- name: addAccount (account)
insert into outbox.account (id) values ($1) on conflict do nothing;

-- name: listAccounts ()
select a.id from outbox.account a order by a.id;
