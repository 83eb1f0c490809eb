alter table habits add column streak integer;
