alter table accounts add column monthly_limit integer;
