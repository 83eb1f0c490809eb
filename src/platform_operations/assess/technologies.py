"""What a dependency says about a component: one table, names as the package registries spell them."""

from collections.abc import Mapping
from types import MappingProxyType

from platform_operations.model.words import ComponentType


def _by_name(rows: Mapping[str, str]) -> Mapping[str, str]:
    return MappingProxyType({name: kind for kind, names in rows.items() for name in names.split()})


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


WEB: frozenset[str] = _words(
    """
    fastapi flask django starlette sanic falcon bottle quart litestar pyramid connexion robyn uvicorn
    gunicorn hypercorn daphne waitress djangorestframework flask-restful blacksheep granian chalice
    express fastify koa hapi @hapi/hapi @nestjs/core @nestjs/platform-express restify hono polka
    @adonisjs/core @feathersjs/feathers @sveltejs/adapter-node nuxt @remix-run/serve @remix-run/node
    apollo-server @apollo/server strapi @strapi/strapi @loopback/rest elysia nitropack axum actix-web
    rocket warp poem salvo tide gotham github.com/gin-gonic/gin github.com/labstack/echo/v4
    github.com/labstack/echo github.com/go-chi/chi/v5 github.com/go-chi/chi github.com/gofiber/fiber/v2
    github.com/gofiber/fiber/v3 github.com/danielgtaylor/huma/v2 github.com/emicklei/go-restful/v3 rails
    sinatra hanami roda grape puma unicorn spring-boot-starter-web spring-boot-starter-webflux
    spring-boot-starter-webmvc spring-boot-starter-jersey quarkus-resteasy quarkus-resteasy-reactive
    quarkus-rest quarkus-rest-jackson micronaut-http-server-netty ktor-server-core ktor-server-netty
    ktor-server-core-jvm dropwizard-core javalin vertx-web helidon-webserver http4s-ember-server
    akka-http tapir-netty-server play-server laravel/framework symfony/framework-bundle slim/slim
    codeigniter4/framework cakephp/cakephp laravel/lumen-framework phoenix plug_cowboy bandit
    microsoft.aspnetcore.app grpc.aspnetcore swashbuckle.aspnetcore
    """
)
"""Frameworks and servers that answer HTTP or gRPC requests."""

CALLS_TOO: frozenset[str] = _words(
    """google.golang.org/grpc github.com/valyala/fasthttp github.com/go-kit/kit connectrpc.com/connect tonic hyper
    h3 aiohttp tornado socket.io github.com/gorilla/mux github.com/julienschmidt/httprouter werkzeug grpcio
    @grpc/grpc-js
    """
)
"""Libraries that serve or call: they make a service only of what is run somewhere."""

_ROLE_ROWS: tuple[tuple[ComponentType, str], ...] = (
    (
        "worker",
        """celery rq dramatiq huey arq taskiq faststream kombu nameko bullmq bull bee-queue kafkajs
        agenda pg-boss amqp-connection-manager sidekiq resque good_job solid_queue delayed_job sneakers
        shoryuken karafka github.com/hibiken/asynq github.com/riverqueue/river github.com/ibm/sarama
        github.com/shopify/sarama github.com/segmentio/kafka-go
        github.com/confluentinc/confluent-kafka-go/v2 confluent-kafka aiokafka kafka-python spring-kafka
        spring-boot-starter-amqp spring-cloud-starter-stream-kafka rdkafka apalis oban broadway
        temporalio @temporalio/worker go.temporal.io/sdk masstransit hangfire laravel/horizon""",
    ),
    (
        "data-pipeline",
        "apache-airflow dbt-core dagster prefect luigi kedro apache-beam mage-ai meltano dbt-postgres "
        "dbt-bigquery dbt-snowflake astro-sdk-python",
    ),
    (
        "mobile-app",
        "expo react-native flutter @capacitor/core @ionic/core nativescript com.android.application",
    ),
    (
        "serverless",
        """serverless sst aws-lambda mangum zappa firebase-functions @cloudflare/workers-types wrangler
        github.com/aws/aws-lambda-go @azure/functions azure-functions functions-framework
        @google-cloud/functions-framework aws-lambda-java-core lambda_runtime amazon.lambda.core
        aws-lambda-powertools @netlify/functions @vercel/node""",
    ),
)

ROLES: Mapping[str, ComponentType] = MappingProxyType(
    {name: kind for kind, names in _ROLE_ROWS for name in names.split()}
)
"""Dependencies that make a component what it is."""

SITES: frozenset[str] = _words(
    """next vite astro gatsby @docusaurus/core vuepress vitepress @11ty/eleventy react-scripts
    @angular/core @vue/cli-service parcel hexo nextra @sveltejs/kit @sveltejs/adapter-static mkdocs
    mkdocs-material pelican jekyll middleman nikola webpack-dev-server preact-cli @builder.io/qwik
    solid-start gridsome
    """
)
"""What builds a site of files, where something static then serves it."""

SERVED: frozenset[str] = frozenset({"next", "nuxt", "@sveltejs/kit", "@remix-run/react", "solid-start"})
"""Site builders that need a server of their own unless a static host serves them."""

STATIC_HOSTS: frozenset[str] = frozenset({"vercel", "netlify", "cloudflare"})
"""Platforms that serve such a site."""

DATA_STORES = _by_name(
    {
        "postgresql": """psycopg psycopg2 psycopg2-binary asyncpg pg8000 aiopg pg postgres pg-promise
        slonik github.com/lib/pq github.com/jackc/pgx/v5 github.com/jackc/pgx/v4 tokio-postgres
        postgresql npgsql postgrex npgsql.entityframeworkcore.postgresql org.postgresql
        gorm.io/driver/postgres @neondatabase/serverless @supabase/supabase-js supabase
        quarkus-jdbc-postgresql""",
        "mysql": """pymysql mysqlclient mysql-connector-python aiomysql mysql mysql2
        github.com/go-sql-driver/mysql mysql-connector-java mysql-connector-j myxql mysqlconnector
        pomelo.entityframeworkcore.mysql gorm.io/driver/mysql mariadb mariadb-java-client
        @planetscale/database""",
        "mongodb": """pymongo motor mongoengine beanie mongodb mongoose go.mongodb.org/mongo-driver
        mongoid go.mongodb.org/mongo-driver/v2 mongodb.driver spring-boot-starter-data-mongodb""",
        "redis": """redis aioredis django-redis ioredis github.com/redis/go-redis/v9
        github.com/go-redis/redis/v8 github.com/go-redis/redis github.com/gomodule/redigo jedis
        lettuce-core stackexchange.redis redix spring-boot-starter-data-redis predis/predis
        connect-redis valkey @redis/client""",
        "elasticsearch": """elasticsearch elasticsearch-dsl @elastic/elasticsearch opensearch-py
        @opensearch-project/opensearch github.com/elastic/go-elasticsearch/v8
        spring-boot-starter-data-elasticsearch opensearchpy""",
        "cassandra": """cassandra-driver scylla-driver github.com/gocql/gocql
        spring-boot-starter-data-cassandra""",
        "clickhouse": """clickhouse-driver clickhouse-connect @clickhouse/client
        github.com/clickhouse/clickhouse-go/v2""",
        "sqlite": """better-sqlite3 sqlite3 aiosqlite github.com/mattn/go-sqlite3 modernc.org/sqlite
        rusqlite microsoft.entityframeworkcore.sqlite gorm.io/driver/sqlite""",
        "sqlserver": "pyodbc pymssql mssql tedious mssql-jdbc microsoft.entityframeworkcore.sqlserver",
        "dynamodb": """pynamodb dynamoose @aws-sdk/client-dynamodb @aws-sdk/lib-dynamodb
        github.com/aws/aws-sdk-go-v2/service/dynamodb aws-sdk-dynamodb""",
        "neo4j": "neo4j neo4j-driver neomodel",
        "rabbitmq": "pika aio-pika amqplib bunny github.com/rabbitmq/amqp091-go rabbitmq.client lapin",
        "kafka": """kafka-python confluent-kafka aiokafka kafkajs github.com/ibm/sarama
        github.com/shopify/sarama github.com/segmentio/kafka-go spring-kafka rdkafka
        github.com/confluentinc/confluent-kafka-go/v2""",
        "firestore": "google-cloud-firestore firebase-admin @google-cloud/firestore",
    }
)
"""Client libraries and the store that they speak to."""

STORE_IMAGES = _by_name(
    {
        "postgresql": "postgres postgresql postgis timescaledb supabase-postgres pgvector cloudnative-pg",
        "mysql": "mysql mariadb percona mysql-server",
        "mongodb": "mongo mongodb",
        "redis": "redis valkey keydb redis-stack",
        "elasticsearch": "elasticsearch opensearch",
        "cassandra": "cassandra scylla",
        "clickhouse": "clickhouse clickhouse-server",
        "rabbitmq": "rabbitmq",
        "kafka": "kafka redpanda cp-kafka",
        "minio": "minio",
        "memcached": "memcached",
    }
)
"""Container images of data stores, by the last part of their name."""

FEATURE_FLAGS = _by_name(
    {
        "launchdarkly": """launchdarkly-server-sdk launchdarkly-node-server-sdk
        launchdarkly-js-client-sdk ldclient-py @launchdarkly/node-server-sdk
        launchdarkly-react-client-sdk github.com/launchdarkly/go-server-sdk/v7
        github.com/launchdarkly/go-server-sdk/v6 launchdarkly-java-server-sdk launchdarkly.serversdk""",
        "unleash": """unleashclient unleash-client unleash @unleash/nextjs @unleash/proxy-client-react
        unleash-client-java github.com/unleash/unleash-client-go/v4
        github.com/unleash/unleash-client-go/v3 unleash.client""",
        "openfeature": """openfeature-sdk @openfeature/server-sdk @openfeature/js-sdk
        @openfeature/web-sdk github.com/open-feature/go-sdk dev.openfeature openfeature""",
        "flagsmith": "flagsmith flagsmith-nodejs github.com/flagsmith/flagsmith-go-client/v3",
        "growthbook": "growthbook @growthbook/growthbook @growthbook/growthbook-react",
        "split": "splitio-client @splitsoftware/splitio splitio_client splitio-requests",
        "configcat": "configcat-client configcat-node configcat-js",
        "statsig": "statsig statsig-node statsig-js statsig-react",
        "posthog": "posthog posthog-node",
        "optimizely": "optimizely-sdk @optimizely/optimizely-sdk @optimizely/react-sdk",
        "django-waffle": "django-waffle django-flags",
        "flipper": "flipper flipper-active_record flipper-redis",
        "rollout": "rollout",
        "vercel-flags": "@vercel/flags flags @vercel/edge-config",
        "ff4j": "ff4j-core togglz-core togglz-spring-boot-starter",
        "featuremanagement": "microsoft.featuremanagement microsoft.featuremanagement.aspnetcore",
        "pennant": "laravel/pennant",
        "goff": "github.com/thomaspoignant/go-feature-flag",
    }
)
"""Feature flag SDKs. Flags kept in a team's own table or environment cannot be seen here."""

SENSITIVE: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "payments": ("payment", "payments", "billing", "wallet"),
        "identity": (
            "auth",
            "identity",
            "login",
            "oauth",
            "sso",
            "passport",
            "accounts",
            "password",
            "iam",
            "kyc",
        ),
        "health data": (
            "patient",
            "patients",
            "medical",
            "clinical",
            "fhir",
            "hl7",
            "ehr",
            "diagnosis",
            "hipaa",
        ),
    }
)
"""Words in source paths that name data whose loss or exposure hurts people; deliberately few."""

SENSITIVE_DEPENDENCIES = _by_name(
    {
        "payments": """stripe braintree adyen @stripe/stripe-js paypalrestsdk paypal-checkout-serversdk
        square squareup github.com/stripe/stripe-go github.com/stripe/stripe-go/v76
        github.com/stripe/stripe-go/v81 stripe-java stripe.net stripe/stripe-php mollie-api-python
        @mollie/api-client @adyen/api-library razorpay plaid plaid-python dj-stripe cashier
        laravel/cashier pay""",
        "identity": """python-jose authlib django-allauth python-keycloak keycloak-js passport next-auth
        @auth/core devise omniauth jsonwebtoken pyjwt spring-boot-starter-security oauthlib
        django-oauth-toolkit @clerk/nextjs bcrypt argon2-cffi github.com/golang-jwt/jwt/v5
        github.com/coreos/go-oidc/v3 lucia spring-boot-starter-oauth2-client
        spring-boot-starter-oauth2-resource-server jsonwebtokens""",
        "health data": "fhir.resources fhirclient hl7 hl7apy hapi-fhir-base pydicom fhir",
    }
)
"""Libraries that handle such data."""
