create table orders (
  id bigint generated always as identity primary key,
  customer text not null,
  total integer not null,
  payment text
);
