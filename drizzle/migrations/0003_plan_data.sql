-- Before row-level security: once it is forced, an owner without BYPASSRLS cannot write here.
INSERT INTO app.plans (name, burst_capacity, burst_refill_per_second, daily_quota, monthly_quota, monthly_price_cents,
                       overage_cents_per_thousand_credits)
VALUES ('free',       600, 10, 5000, 10000,       0,   0),
       ('pro',        600, 10, NULL, 250000,   4900, 100),
       ('enterprise', 600, 10, NULL, NULL,    49900,  50);
