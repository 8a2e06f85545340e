-- Least privileges, for roles that exist already. A loader adds rows, a worker sends and
-- settles, a reader looks. None of them deletes anything.
grant usage on schema callcta to {loader}, {worker}, {reader};

grant select on all tables in schema callcta to {loader}, {worker}, {reader};

grant insert, update on callcta.campaign, callcta.share to {loader};
grant insert on callcta.message, callcta.page, callcta.recipient to {loader};
grant execute on function callcta.analyze() to {loader};

grant update (owner, epoch, expires_at) on callcta.page to {worker};
grant update (state, epoch, attempts, message, message_id, kind, code, subcode, http_status,
    trace_id, claimed_at, settled_at) on callcta.recipient to {worker};
grant update (paused, pace) on callcta.campaign to {worker};
grant update (queued, in_flight, claimed_to, paused) on callcta.share to {worker};
grant execute on function callcta.claim, callcta.settle, callcta.forget to {worker};
grant insert, update on callcta.worker to {worker};
grant insert on callcta.decision, callcta.message to {worker};
