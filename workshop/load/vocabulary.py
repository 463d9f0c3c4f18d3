"""The words of generated posts.

Common words come first in each list: they are drawn by Zipf's law, so the first is the most frequent.
"""


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


TOPICS = {
    "Python": "Flask asyncio pandas pytest Django pip mypy dataclasses generators decorators typing numpy",
    "javascript": "promises React closures npm webpack Node modules bundlers prototypes workers jQuery Vue",
    "learnpython": "loops lists dictionaries functions classes strings recursion tuples files sets input",
    "programming": "compilers parsers algorithms editors licences standards benchmarks interviews",
    "stackoverflow.com": "regex SQL JSON threads dates encoding sorting Excel Android pointers arrays",
    "webdev": "CSS forms cookies flexbox accessibility fonts caching hosting browsers templates images SVG",
    "linux": "systemd kernels shells packages drivers Wayland filesystems bash cron terminals swap udev",
    "rust": "lifetimes traits cargo borrowing macros unsafe iterators crates enums Tokio ownership slices",
    "golang": "goroutines channels interfaces structs contexts generics gofmt slices mutexes embedding maps",
    "devops": "containers pipelines Terraform Ansible dashboards alerts rollbacks clusters secrets runbooks",
    "java": "Spring Maven streams generics beans Gradle records servlets annotations JUnit garbage threads",
    "serverfault.com": "nginx DNS firewalls RAID Postfix certificates VLANs backups load-balancers SSH LDAP",
    "MachineLearning": "tensors gradients transformers embeddings datasets overfitting GPUs losses labels",
    "datascience": "notebooks regressions plots features outliers joins cleaning forecasts clustering",
    "cpp": "templates pointers RAII headers linkers move-semantics constexpr allocators undefined-behaviour",
    "unix.stackexchange.com": "awk sed pipes permissions find grep sockets signals mounts symlinks tmux",
    "dba.stackexchange.com": "indexes replication deadlocks partitions vacuum joins backups views plans",
    "sysadmin": "tickets printers patches Exchange policies domains audits laptops vendors licences",
    "microservices": "queues gateways events retries idempotency tracing sagas contracts timeouts registries",
    "mongodb": "aggregations replica-sets shards oplogs indexes schemas cursors transactions change-streams",
    "haskell": "monads laziness functors folds typeclasses lenses Cabal purity currying parsers",
    "softwareengineering.stackexchange.com": "design coupling reviews estimates patterns layers testing",
    "opensource": "maintainers licences forks contributors issues releases donations documentation mirrors",
    "gamedev": "shaders sprites physics collisions engines levels textures tilemaps cameras netcode",
    "embedded": "interrupts registers firmware bootloaders timers UART watchdogs sensors RTOS debuggers",
}
"""Subreddits and sites, the popular ones first, with the words that belong to each."""

THINGS = _words(
    "error server file test function user project request service database script query version page "
    "record list object class process thread cache build library package model table string value config "
    "log response message field token worker job queue event index schema client session loop array "
    "branch commit release deploy port socket header cookie form button template layout plugin driver "
    "kernel buffer stream parser compiler lock transaction migration backup snapshot replica cluster node "
    "container image volume network proxy gateway certificate password key hash tree graph matrix vector "
    "dataset notebook plot metric alert dashboard latency throughput timeout retry deadline budget "
    "bottleneck leak crash exception warning traceback breakpoint debugger profiler benchmark fixture "
    "mock suite linter formatter refactoring interface protocol contract boundary module dependency wheel "
    "registry mirror licence changelog roadmap ticket sprint review estimate mentor beginner tutorial "
    "course book talk podcast newsletter survey"
)

DEEDS = _words(
    "use run write read find fix load parse test build send store sort search update install deploy debug "
    "call handle cache split merge move copy delete rename compare measure profile monitor scale retry "
    "validate convert serialise stream batch schedule encrypt compress index migrate replicate rewrite "
    "replace mock wrap document review automate"
)

QUALITIES = _words(
    "simple slow fast large small clean new old local remote async shared static dynamic custom nested "
    "missing broken empty random public private legacy modern tiny huge stale flaky idle noisy safe "
    "strict lazy eager immutable concurrent distributed experimental undocumented surprising pragmatic "
    "readable portable"
)

BEGINNINGS = _words(
    "data fast open tiny micro hyper red blue iron cloud byte bit quick light deep cross multi auto smart "
    "clear north river stone paper copper silver amber crimson quiet swift solid plain lunar solar polar "
    "urban rapid brave mellow rusty velvet hollow golden"
)

ENDINGS = _words(
    "flow kit base box hub lint mesh pipe port sync cast fork grid lens link mark mill nest pack path "
    "pond quay rail ring shed spark stack store tap trail vault wave weave wire yard bridge anvil beacon "
    "cellar drum ferry harbour ladder mortar"
)

MAKERS = _words(
    "ada alan grace linus guido barbara ken dennis edsger margaret donald radia frances john leslie"
)

QUESTIONS = (
    "How do I {deed} the {fresh} in {topic} without losing the {thing}?",
    "Why is my {quality} {fresh} so slow once {word} is involved?",
    "What is the best way to {deed} {word} and {fresh} today?",
    "{word}: {fresh} works locally but fails on the {thing}",
    "Is it wrong to {deed} every {fresh} by hand?",
    "When would you choose {word} over your {quality} {fresh}?",
    "Cannot {deed} the {thing} after the last {fresh} update",
    "How does {word} {deed} your {quality} {fresh}?",
    "Should a beginner learn {fresh} before {word}?",
    "{quality} {fresh} keeps its {thing} open: where do I look first?",
)
LINKS = (
    "{name} {number}.0 released: {quality} {word} and a new {fresh}",
    "A {quality} introduction to {word} and {fresh}",
    "{number} things I wish I had known about {word} and the {fresh}",
    "The hidden cost of your {quality} {fresh}",
    "How we made our {fresh} {number} times faster with {word}",
    "Understanding {word}, one {fresh} at a time",
    "Stop trying to {deed} your {fresh}",
    "The {fresh} considered {quality}",
    "Notes on {word}, {fresh} and the {quality} {thing}",
)
SHOWS = (
    "I built {name}, a {quality} way to {deed} your {fresh}",
    "Show and tell: {name} can {deed} the {fresh} in {number} lines",
    "My first {topic} project: {name}, a {quality} {thing} for {word} and {fresh}",
    "{name}: {word} for people who would rather not {deed} the {fresh}",
    "After {number} months I finally released {name} for {fresh}",
)
"""Titles of questions, of links, and of things that people made. `fresh` is filled in anew for each post."""

SENTENCES = (
    "I have been trying to {deed} a {quality} {thing} with {word} for a while now.",
    "The {thing} is {quality}, but the {thing} behind it is not.",
    "Has anybody managed to {deed} {word} without touching the {thing}?",
    "It worked last week, and nothing but the {thing} has changed since.",
    "As far as I can tell the {quality} {thing} comes from {word}.",
    "My {thing} holds about {number} thousand rows, so I cannot simply {deed} it.",
    "The documentation says to {deed} the {thing} first, yet the {thing} stays {quality}.",
    "We moved from {word} to {name} and the {thing} got {number} times smaller.",
    "With {number} workers the {thing} becomes {quality} and every {thing} waits.",
    "I wrote a short {thing} to {deed} it, and it fails with a {quality} {thing}.",
    "What surprised me most is how {quality} {word} turned out to be.",
    "A colleague told me to {deed} the {thing} before each {thing}.",
    "I would rather keep the {thing} {quality} than add another {thing}.",
    "Under load the {thing} answers after {number} seconds, or not at all.",
    "You can {deed} a {thing} this way, as long as {word} stays {quality}.",
    "Both {word} and {name} want to {deed} the same {thing}.",
    "Any pointers to a good {thing} on {word} are welcome.",
    "So far I have ruled out the {thing}, the {thing} and {word}.",
    "There is a {quality} {thing} in the repository if you want to {deed} it yourself.",
    "In the end we had to {deed} the whole {thing} again.",
    "Please be kind, this is my first {thing} in {topic}.",
    "The tests pass, which tells me they do not {deed} the {thing} at all.",
)

CLOSINGS = (
    "All of this is on {fresh} with {fresh}.",
    "Would {fresh} or {fresh} have been the better choice?",
    "The full log mentions {fresh} and {fresh}, in case that helps.",
    "Thanks to whoever maintains {fresh} and {fresh}!",
    "Next I will try {fresh}, and if that fails {fresh}.",
    "It began when somebody replaced {fresh} by {fresh}.",
)
"""Last sentences, each with two `fresh` words."""
