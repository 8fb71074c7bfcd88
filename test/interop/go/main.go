// franz-go: writes a plan of records, or prints what a direct (assigned) consumer or a member of a group reads.
//
//	client produce BOOTSTRAP CODEC PLAN        one JSON line per acknowledged record: {"i", "partition", "offset"}
//	client consume BOOTSTRAP TOPIC PARTITIONS  one JSON line per record, from the beginning to the end of each partition
//	client group BOOTSTRAP GROUP TOPIC CLIENT  a line of partition and offset per record, until SIGTERM
package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

type planned struct {
	Topic     string       `json:"topic"`
	Partition int32        `json:"partition"`
	Key       *string      `json:"key"`
	Value     *string      `json:"value"`
	Headers   [][2]*string `json:"headers"`
	Timestamp int64        `json:"timestamp"`
}

func plain(text *string) []byte {
	if text == nil {
		return nil
	}
	raw, err := base64.StdEncoding.DecodeString(*text)
	if err != nil {
		log.Fatal(err)
	}
	if raw == nil {
		raw = []byte{}
	}
	return raw
}

func coded(raw []byte) *string {
	if raw == nil {
		return nil
	}
	text := base64.StdEncoding.EncodeToString(raw)
	return &text
}

func produce(bootstrap, codec, plan string) {
	codecs := map[string]kgo.CompressionCodec{"none": kgo.NoCompression(), "gzip": kgo.GzipCompression(),
		"snappy": kgo.SnappyCompression(), "lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression()}
	client, err := kgo.NewClient(kgo.SeedBrokers(strings.Split(bootstrap, ",")...), kgo.ProducerBatchCompression(codecs[codec]),
		kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerBatchMaxBytes(1_048_588), kgo.ProducerLinger(5*time.Millisecond))
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	file, err := os.Open(plan)
	if err != nil {
		log.Fatal(err)
	}
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 16<<20)
	var records []*kgo.Record
	for lines.Scan() {
		var p planned
		if err := json.Unmarshal(lines.Bytes(), &p); err != nil {
			log.Fatal(err)
		}
		record := &kgo.Record{Topic: p.Topic, Partition: p.Partition, Key: plain(p.Key), Value: plain(p.Value), Timestamp: time.UnixMilli(p.Timestamp)}
		for _, h := range p.Headers {
			record.Headers = append(record.Headers, kgo.RecordHeader{Key: *h[0], Value: plain(h[1])})
		}
		records = append(records, record)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	index := make(map[*kgo.Record]int, len(records))
	for i, record := range records {
		index[record] = i
	}
	for _, result := range client.ProduceSync(ctx, records...) {
		if result.Err != nil {
			log.Fatal(result.Err)
		}
		fmt.Printf("{\"i\":%d,\"partition\":%d,\"offset\":%d}\n", index[result.Record], result.Record.Partition, result.Record.Offset)
	}
}

func consume(bootstrap, topic string, partitions int32) {
	seeds := kgo.SeedBrokers(strings.Split(bootstrap, ",")...)
	asker, err := kgo.NewClient(seeds)
	if err != nil {
		log.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 90*time.Second)
	defer cancel()
	ends, err := kadm.NewClient(asker).ListEndOffsets(ctx, topic)
	if err != nil {
		log.Fatal(err)
	}
	asker.Close()
	for p := int32(0); p < partitions; p++ {
		end, ok := ends.Lookup(topic, p)
		if !ok || end.Err != nil {
			log.Fatalf("no end offset of %s-%d: %v", topic, p, end.Err)
		}
		if end.Offset == 0 {
			continue
		}
		client, err := kgo.NewClient(seeds, kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: {p: kgo.NewOffset().AtStart()}}),
			kgo.FetchMaxPartitionBytes(4_000_000))
		if err != nil {
			log.Fatal(err)
		}
		for position := int64(0); position < end.Offset; {
			fetches := client.PollFetches(ctx)
			if errs := fetches.Errors(); len(errs) > 0 {
				log.Fatal(errs[0].Err)
			}
			fetches.EachRecord(func(r *kgo.Record) {
				print(r)
				position = r.Offset + 1
			})
		}
		client.Close()
	}
}

func print(r *kgo.Record) {
	headers := make([][2]*string, 0, len(r.Headers))
	for i := range r.Headers {
		headers = append(headers, [2]*string{&r.Headers[i].Key, coded(r.Headers[i].Value)})
	}
	length, sum := -1, (*string)(nil)
	if r.Value != nil {
		digest := sha256.Sum256(r.Value)
		text := hex.EncodeToString(digest[:])
		length, sum = len(r.Value), &text
	}
	line, err := json.Marshal(map[string]any{"partition": r.Partition, "offset": r.Offset, "timestamp": r.Timestamp.UnixMilli(),
		"key": coded(r.Key), "length": length, "sha256": sum, "headers": headers})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(line))
}

func group(bootstrap, name, topic, id string) {
	// The default of the session is 45 s, which is how long the group would wait for the dead.
	client, err := kgo.NewClient(kgo.SeedBrokers(strings.Split(bootstrap, ",")...), kgo.ConsumerGroup(name), kgo.ConsumeTopics(topic),
		kgo.ClientID(id), kgo.SessionTimeout(10*time.Second), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		log.Fatal(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	for ctx.Err() == nil {
		fetches := client.PollFetches(ctx)
		fetches.EachError(func(topic string, partition int32, err error) {
			if ctx.Err() == nil {
				log.Printf("%s-%d: %v", topic, partition, err)
			}
		})
		fetches.EachRecord(func(r *kgo.Record) { fmt.Println(r.Partition, r.Offset) })
	}
	client.Close()
}

func main() {
	log.SetFlags(0)
	if os.Args[1] == "group" {
		group(os.Args[2], os.Args[3], os.Args[4], os.Args[5])
		return
	}
	if os.Args[1] == "produce" {
		produce(os.Args[2], os.Args[3], os.Args[4])
		return
	}
	n, err := strconv.Atoi(os.Args[4])
	if err != nil {
		log.Fatal(err)
	}
	consume(os.Args[2], os.Args[3], int32(n))
}
