// Apache Kafka's Java clients: writes a plan of records, or prints what an assigned consumer reads.
//   Client produce BOOTSTRAP CODEC PLAN        one JSON line per acknowledged record: {"i", "partition", "offset"}
//   Client consume BOOTSTRAP TOPIC PARTITIONS  one JSON line per record, from the beginning to the end of each partition
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

public final class Client {
    private static final ObjectMapper JSON = new ObjectMapper();

    public static void main(String[] args) throws Exception {
        if (args[0].equals("produce")) produce(args[1], args[2], args[3]);
        else consume(args[1], args[2], Integer.parseInt(args[3]));
    }

    private static byte[] plain(JsonNode node) {
        return node.isNull() ? null : Base64.getDecoder().decode(node.asText());
    }

    private static String coded(byte[] raw) {
        return raw == null ? null : Base64.getEncoder().encodeToString(raw);
    }

    private static void produce(String bootstrap, String codec, String plan) throws Exception {
        Map<String, Object> settings = Map.of("bootstrap.servers", bootstrap, "compression.type", codec,
            "max.request.size", 4_000_000, "linger.ms", 5);
        List<Future<RecordMetadata>> sent = new ArrayList<>();
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer())) {
            for (String line : Files.readAllLines(Path.of(plan), StandardCharsets.UTF_8)) {
                JsonNode r = JSON.readTree(line);
                List<Header> headers = new ArrayList<>();
                for (JsonNode h : r.get("headers")) headers.add(new RecordHeader(h.get(0).asText(), plain(h.get(1))));
                sent.add(producer.send(new ProducerRecord<>(r.get("topic").asText(), r.get("partition").asInt(),
                    r.get("timestamp").asLong(), plain(r.get("key")), plain(r.get("value")), headers)));
            }
            for (int i = 0; i < sent.size(); i++) {
                RecordMetadata m = sent.get(i).get();
                System.out.println("{\"i\":" + i + ",\"partition\":" + m.partition() + ",\"offset\":" + m.offset() + "}");
            }
        }
    }

    private static void consume(String bootstrap, String topic, int partitions) throws Exception {
        Map<String, Object> settings = Map.of("bootstrap.servers", bootstrap, "enable.auto.commit", false,
            "auto.offset.reset", "earliest", "max.partition.fetch.bytes", 4_000_000);
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            for (int p = 0; p < partitions; p++) {
                TopicPartition at = new TopicPartition(topic, p);
                consumer.assign(List.of(at));
                consumer.seekToBeginning(List.of(at));
                long end = consumer.endOffsets(List.of(at)).get(at);
                long silentSince = System.nanoTime();
                while (consumer.position(at) < end) {
                    for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(500))) {
                        print(record);
                        silentSince = System.nanoTime();
                    }
                    if (System.nanoTime() - silentSince > 30_000_000_000L) throw new IllegalStateException("nothing for 30 s at " + at + "@" + consumer.position(at) + " of " + end);
                }
            }
        }
    }

    private static void print(ConsumerRecord<byte[], byte[]> record) throws Exception {
        ObjectNode out = JSON.createObjectNode();
        out.put("partition", record.partition()).put("offset", record.offset()).put("timestamp", record.timestamp());
        out.put("key", coded(record.key()));
        byte[] value = record.value();
        out.put("length", value == null ? -1 : value.length);
        out.put("sha256", value == null ? null : HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(value)));
        ArrayNode headers = out.putArray("headers");
        for (Header h : record.headers()) headers.addArray().add(h.key()).add(coded(h.value()));
        System.out.println(JSON.writeValueAsString(out));
    }
}
