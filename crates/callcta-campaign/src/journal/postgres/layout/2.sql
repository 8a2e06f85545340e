-- Room for a claimed row beside the old one; and what is dead is cleared away when it is a
-- twentieth, not only when it is a fifth.
alter table callcta.recipient set (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);

-- What is open, and what went wrong, in columns that don't change when a row is claimed: then
-- no index has to hear of a claim, and only those that all rows are in of what was sent.
alter table callcta.recipient
    add column open boolean generated always as (state < 2) stored,
    add column failed smallint generated always as (case when state > 2 then state end) stored;

-- The send key of a row's last message before it came into this journal.
alter table callcta.recipient add column sent_as text;
create index recipient_sent_as on callcta.recipient (campaign, sent_as)
    where sent_as is not null;

drop index callcta.recipient_queued, callcta.recipient_in_flight, callcta.recipient_other;
create index recipient_open on callcta.recipient (campaign, page, id) where open;
create index recipient_failed on callcta.recipient (campaign, page, failed, kind)
    where failed is not null;

-- How many rows of a Page wait and are in flight, kept by each change of them in its own
-- transaction. Rows in flight have ids up to `claimed_to`.
alter table callcta.share
    add column queued bigint not null default 0,
    add column in_flight bigint not null default 0,
    add column claimed_to bigint not null default 0,
    -- Why nothing is sent for it.
    add column paused text;
alter table callcta.share set (fillfactor = 50);
create index share_page on callcta.share (page);

update callcta.share s
set queued = r.queued, in_flight = r.in_flight, claimed_to = r.claimed_to
from (select campaign, page, count(*) filter (where state = 0) as queued,
        count(*) filter (where state = 1) as in_flight,
        coalesce(max(id) filter (where claimed_at is not null), 0) as claimed_to
    from callcta.recipient group by campaign, page) r
where s.campaign = r.campaign and s.page = r.page;

-- Makes this transaction's commit wait for the disk, unless it waits for more.
create function callcta.strict() returns void
language plpgsql as $$
begin
    perform set_config('synchronous_commit',
        case current_setting('synchronous_commit') when 'remote_apply' then 'remote_apply'
        else 'on' end, true);
end
$$;

-- Claims for all Pages in one statement, which is its own transaction and waits for the disk,
-- whatever is set for the server. Plans of what is in here are kept by the server's session,
-- behind poolers too, and never read a whole table.
--
-- Whoever holds the lease is looked up in the same statement, and stays it until the commit.
-- Rows are found by their place, so that no statistics, however old, change the way.
create function callcta.claim(of_campaign integer, pages integer[], epochs bigint[],
    most integer[], behind bigint[], whose text, moment timestamptz)
returns table (page integer, epoch bigint, page_id text, id bigint, attempts integer,
    message bigint, window_until timestamptz, line bigint, key text, psid text, cells text)
language plpgsql set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
#variable_conflict use_column
begin
    perform callcta.strict();
    return query
    with held as materialized (
        select p.id, p.epoch, p.page_id, w.most, w.behind
        from unnest(pages, epochs, most, behind) as w (id, epoch, most, behind)
        join callcta.page p on p.id = w.id and p.epoch = w.epoch and p.owner = whose
        where p.expires_at > clock_timestamp() for share of p
    ), picked as materialized (
        select r.place, held.epoch from held cross join lateral (
            select r.ctid as place from callcta.recipient r
            where r.campaign = of_campaign and r.page = held.id and r.open and r.state = 0
                and r.id > held.behind
            order by r.id limit held.most) r
    ), claimed as (
        update callcta.recipient r set state = 1, attempts = r.attempts + 1,
            epoch = picked.epoch, claimed_at = moment, settled_at = null, kind = '', code = null,
            subcode = null, http_status = null, trace_id = null,
            message = (select max(m.number) from callcta.message m where m.campaign = of_campaign)
        from picked where r.ctid = picked.place and r.state = 0
        returning r.id, r.page, r.attempts, r.message, r.window_until, r.line, r.key, r.psid,
            r.cells
    ), counted as materialized (
        select c.page, count(*) as rows, max(c.id) as last from claimed c
        group by c.page order by c.page
    ), shared as (
        update callcta.share s set queued = s.queued - c.rows, in_flight = s.in_flight + c.rows,
            claimed_to = greatest(s.claimed_to, c.last)
        from counted c where s.campaign = of_campaign and s.page = c.page
    )
    select held.id, held.epoch, held.page_id, c.id, c.attempts, c.message, c.window_until,
        c.line, c.key, c.psid, c.cells
    from held left join claimed c on c.page = held.id order by held.id, c.id;
end
$$;

-- Writes down what became of claimed rows, and returns how many it wrote. A row that was taken
-- for lost is settled nevertheless, as is one that somebody has put back or taken for sent
-- since, if it turns out to be sent; nobody claimed it meanwhile, or its epoch would be
-- another one. Those that somebody else changes just now are left, or waited for.
create function callcta.settle(of_campaign integer, ids bigint[], epochs bigint[],
    states smallint[], message_ids text[], kinds text[], codes bigint[], subcodes bigint[],
    statuses integer[], traces text[], moment timestamptz, waits boolean)
returns bigint
language plpgsql set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
#variable_conflict use_column
declare
    written bigint;
begin
    perform callcta.strict();
    if waits then
        perform 1 from callcta.recipient r where r.id = any(ids) order by r.id for update;
    end if;
    with told as materialized (
        select * from unnest(ids, epochs, states, message_ids, kinds, codes, subcodes, statuses,
            traces) as t (id, epoch, state, message_id, kind, code, subcode, http_status, trace_id)
    ), found as materialized (
        select told.*, r.place, r.was from told cross join lateral (
            select r.ctid as place, r.state as was from callcta.recipient r
            where r.id = told.id and r.campaign = of_campaign and r.epoch = told.epoch
                and (r.state in (1, 4) or (told.state = 2 and r.state in (0, 6)))) r
    ), changed as (
        update callcta.recipient r set state = f.state, message_id = f.message_id, kind = f.kind,
            code = f.code, subcode = f.subcode, http_status = f.http_status,
            trace_id = f.trace_id, settled_at = case when f.state = 0 then null else moment end,
            attempts = r.attempts - case when f.state = 0 then 1 else 0 end
        from found f where r.ctid = f.place and r.state = f.was and r.epoch = f.epoch
        returning r.page, f.was, r.state
    ), counted as materialized (
        select c.page, count(*) as rows,
            count(*) filter (where c.state = 0) - count(*) filter (where c.was = 0) as queued,
            count(*) filter (where c.was = 1) as landed
        from changed c group by c.page order by c.page
    ), shared as (
        update callcta.share s set queued = s.queued + c.queued, in_flight = s.in_flight - c.landed
        from counted c where s.campaign = of_campaign and s.page = c.page
            and (c.queued <> 0 or c.landed <> 0)
    )
    select coalesce(sum(c.rows), 0) into written from counted c;
    return written;
end
$$;

-- Takes workers out that are gone for long; those who run may not delete.
create function callcta.forget() returns void
language sql security definer set search_path = pg_catalog, pg_temp
as 'delete from callcta.worker where expires_at < clock_timestamp() - interval ''1 day''';

revoke all on function callcta.claim, callcta.settle, callcta.forget from public;
