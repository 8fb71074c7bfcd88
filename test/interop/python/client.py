"""librdkafka through Python's confluent-kafka: writes a plan of records, or prints what it reads.

  client.py produce BOOTSTRAP CODEC PLAN       one JSON line per acknowledged record: {"i", "partition", "offset"}
  client.py consume BOOTSTRAP TOPIC PARTITIONS one JSON line per record, from the beginning to the end of each partition
"""
import base64, hashlib, json, sys
from confluent_kafka import Consumer, Producer, TopicPartition


def plain(b64):
    return None if b64 is None else base64.b64decode(b64)


def coded(raw):
    return None if raw is None else base64.b64encode(raw).decode()


def produce(bootstrap, codec, plan):
    producer = Producer({"bootstrap.servers": bootstrap, "compression.type": codec, "message.max.bytes": 4_000_000,
                         "enable.idempotence": True, "linger.ms": 5})
    failures = []

    def delivered(i):
        def report(error, message):
            if error is not None:
                failures.append(str(error))
            else:
                print(json.dumps({"i": i, "partition": message.partition(), "offset": message.offset()}))
        return report

    for i, line in enumerate(open(plan)):
        r = json.loads(line)
        producer.produce(r["topic"], partition=r["partition"], key=plain(r["key"]), value=plain(r["value"]),
                         headers=[(n, plain(v)) for n, v in r["headers"]], timestamp=r["timestamp"], on_delivery=delivered(i))
        producer.poll(0)
    left = producer.flush(60)
    if failures or left:
        sys.exit(f"{left} unsent, failures: {failures[:3]}")


def consume(bootstrap, topic, partitions):
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "unused", "enable.auto.commit": False,
                         "auto.offset.reset": "error", "check.crcs": True, "fetch.message.max.bytes": 4_000_000})
    for partition in range(partitions):
        low, high = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=30)
        consumer.assign([TopicPartition(topic, partition, low)])
        position = low
        while position < high:
            message = consumer.poll(30)
            if message is None:
                sys.exit(f"nothing for 30 s at {topic}-{partition}@{position} of {high}")
            if message.error():
                sys.exit(str(message.error()))
            value = message.value()
            print(json.dumps({"partition": partition, "offset": message.offset(), "timestamp": message.timestamp()[1],
                              "key": coded(message.key()), "length": -1 if value is None else len(value),
                              "sha256": None if value is None else hashlib.sha256(value).hexdigest(),
                              "headers": [[n, coded(v)] for n, v in (message.headers() or [])]}))
            position = message.offset() + 1
    consumer.close()


if sys.argv[1] == "produce":
    produce(*sys.argv[2:5])
else:
    consume(sys.argv[2], sys.argv[3], int(sys.argv[4]))
