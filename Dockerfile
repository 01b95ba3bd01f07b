# One image, several commands: `docai migrate`, `python -m app.api`, `python -m worker cpu|gpu|all|sweep`.
FROM python:3.11-slim

# What OpenCV and the OCR runtime want of the system.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends libgomp1 libglib2.0-0 \
 && rm -rf /var/lib/apt/lists/*

# "model" brings PyTorch, for docai-small: --build-arg EXTRAS=service,web,s3,model
ARG EXTRAS=service,web,s3
WORKDIR /opt/docai
COPY pyproject.toml constraints.txt README.md LICENSE NOTICE ./
COPY docai docai
COPY app app
COPY worker worker
COPY migrations migrations
RUN pip install --no-cache-dir --constraint constraints.txt ".[${EXTRAS}]"

RUN useradd --uid 10001 --create-home docai && mkdir /data && chown docai /data
USER docai
ENV DOCAI_DATA=/data DOCAI_LOG=json PYTHONUNBUFFERED=1
WORKDIR /data
CMD ["python", "-m", "app.api"]
