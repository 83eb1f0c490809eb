"""Commands that make an artifact anew from source."""

from functools import lru_cache

from platform_operations.platforms.reading.commands import begins, invocation

BUILDS = (
    "docker build", "docker buildx build", "docker buildx bake", "docker bake", "docker image build", "docker compose build",
    "docker-compose build", "docker compose up --build", "docker-compose up --build", "podman build", "buildah bud",
    "buildah build", "nerdctl build", "/kaniko/executor", "kaniko", "ko build", "pack build", "nixpacks build", "packer build",
    "gcloud builds submit", "az acr build", "depot build", "skaffold build", "mvn jib:build", "gradle jib",
    "gradle bootBuildImage", "mvn spring-boot:build-image", "mvn package", "mvn install", "mvn compile", "gradle build",
    "gradle assemble", "gradle bootJar", "gradle shadowJar", "gradle bundleRelease", "gradle assembleRelease", "sbt assembly",
    "cargo build", "go build", "dotnet build", "dotnet publish", "mix release", "swift build", "flutter build",
    "xcodebuild archive", "cmake --build", "bazel build", "python -m build", "build", "uv build", "poetry build", "hatch build",
    "flit build", "pdm build", "pip wheel", "python setup.py", "gem build", "vite build", "next build", "nuxt build",
    "astro build", "gatsby build", "ng build", "react-scripts build", "remix build", "hugo", "jekyll build", "mkdocs build",
    "npm run build", "yarn build", "yarn run build", "pnpm build", "pnpm run build", "bun run build", "bun build",
    "vercel build", "netlify build", "sam build",
)  # fmt: skip


@lru_cache(maxsize=4096)
def makes_anew(command: str) -> bool:
    """Return whether a simple command builds from source; pushing, tagging and packing what was built does not."""
    called = invocation(command)
    if "--no-build" in called:
        return False
    return any(begins(called, pattern) for pattern in BUILDS)
