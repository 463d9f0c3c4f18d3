# What prepares a step's stores, and its operator's commands, from the repository's root:
# docker build -f docker/tools.Dockerfile --build-arg REQUIREMENTS=requirements/step0.txt .
ARG BASE=python:3.12-slim
FROM ${BASE} AS packages
ARG REQUIREMENTS
COPY requirements/workshop.txt ./
COPY ${REQUIREMENTS} step.txt
RUN python -m venv --without-pip /packages \
    && pip --python /packages install --no-cache-dir --require-hashes -r workshop.txt -r step.txt

FROM ${BASE}
WORKDIR /app
COPY --from=packages /packages /packages
COPY kit kit
COPY step0_monolith step0_monolith
COPY step1_rest step1_rest
COPY step2_services step2_services
COPY step3_async step3_async
COPY workshop workshop
USER 65534:65534
ENV PATH=/packages/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 WORKSHOP_STATE=/tmp/state
ENTRYPOINT ["python", "-m", "workshop.containers.inside"]
