"""An acks=all idempotent producer on every partition of a topic, until its standard input ends; then a check.

  load.py BOOTSTRAP TOPIC PARTITIONS RATE   RATE: records a second and partition

Prints one JSON line a second {"acked", "last_ack": seconds since the epoch} and, after the end, a last one with what a
reader found: {"acked", "failed", "lost", "moved", "duplicates", "in_order", "longest_gap_s"}. Exit 1 when a promise was broken.
"""
import json, sys, threading, time
from confluent_kafka import Consumer, Producer, TopicPartition

bootstrap, topic, partitions, rate = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
producer = Producer({"bootstrap.servers": bootstrap, "acks": "all", "enable.idempotence": True, "linger.ms": 0, "log_level": 0,
                     "retry.backoff.ms": 20, "retry.backoff.max.ms": 100, "reconnect.backoff.ms": 10, "reconnect.backoff.max.ms": 100,
                     "topic.metadata.refresh.fast.interval.ms": 50, "delivery.timeout.ms": 120000})
acked = [{} for _ in range(partitions)]
failed, last, gap, over = [], time.time(), 0.0, threading.Event()


def delivered(error, message):
    global last, gap
    if error is not None:
        failed.append(str(error))
        return
    acked[message.partition()][message.value()] = message.offset()
    now = time.time()
    gap, last = max(gap, now - last), now


threading.Thread(target=lambda: (sys.stdin.read(), over.set()), daemon=True).start()
count, start, told = 0, time.monotonic(), 0.0
while not over.is_set():
    due = int((time.monotonic() - start) * rate)
    while count < due:
        try:
            for partition in range(partitions):
                producer.produce(topic, b"%012d" % count, partition=partition, on_delivery=delivered)
            count += 1
        except BufferError:
            break
    producer.poll(0.002)
    if time.monotonic() - told >= 1:
        told = time.monotonic()
        print(json.dumps({"acked": sum(map(len, acked)), "last_ack": last}), flush=True)
left = producer.flush(90)
consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "load", "enable.auto.commit": False, "auto.offset.reset": "error", "log_level": 0})
lost = moved = duplicates = 0
in_order = True
for partition in range(partitions):
    high = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=30)[1]
    consumer.assign([TopicPartition(topic, partition, 0)])
    seen, order, deadline = {}, [], time.monotonic() + 60
    while (not order or seen[order[-1]] < high - 1) and high and time.monotonic() < deadline:
        message = consumer.poll(1.0)
        if message is None or message.error():
            continue
        duplicates += message.value() in seen
        seen[message.value()] = message.offset()
        order.append(message.value())
    lost += sum(value not in seen for value in acked[partition])
    moved += sum(value in seen and seen[value] != offset for value, offset in acked[partition].items())
    in_order = in_order and order == sorted(order)
consumer.close()
print(json.dumps({"acked": sum(map(len, acked)), "failed": len(failed) + left, "lost": lost, "moved": moved, "duplicates": duplicates,
                  "in_order": in_order, "longest_gap_s": round(gap, 3)}), flush=True)
sys.exit(1 if lost or moved or duplicates or not in_order or not acked[0] else 0)
