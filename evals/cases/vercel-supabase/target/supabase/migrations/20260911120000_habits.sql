create table habits (
  id uuid primary key default gen_random_uuid(),
  owner uuid not null references auth.users,
  name text not null
);
alter table habits enable row level security;
