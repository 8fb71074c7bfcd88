"""A kafka-python consumer in a group, until it is told to end (SIGTERM): a line of partition and offset for each record.

  group.py BOOTSTRAP GROUP TOPIC CLIENT-ID
"""
import signal, sys
from kafka import KafkaConsumer

bootstrap, group, topic, client = sys.argv[1:5]
ending = []
signal.signal(signal.SIGTERM, lambda *_: ending.append(True))
# The default of the session is 45 s, which is how long the group would wait for the dead.
consumer = KafkaConsumer(topic, bootstrap_servers=bootstrap.split(","), group_id=group, client_id=client,
                         auto_offset_reset="earliest", session_timeout_ms=10_000)
while not ending:
    for records in consumer.poll(timeout_ms=200).values():
        for record in records:
            print(record.partition, record.offset, flush=True)
consumer.close()
