// Requests by franz-go and hamba/avro: franz-producer BROKERS REGISTRY-URL TOPIC < requests.json
package main

import (
	"context"
	"encoding/json"
	"log"
	"os"
	"strings"
	"time"

	"github.com/hamba/avro/v2"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sr"
)

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	registry, err := sr.NewClient(sr.URLs(os.Args[2]))
	check(err)
	found, err := registry.SchemaByVersion(ctx, "sluice.SendRequest", -1)
	check(err)
	schema, err := avro.Parse(found.Schema.Schema)
	check(err)
	client, err := kgo.NewClient(kgo.SeedBrokers(strings.Split(os.Args[1], ",")...))
	check(err)
	defer client.Close()

	var requests []map[string]any
	check(json.NewDecoder(os.Stdin).Decode(&requests))
	var header sr.ConfluentHeader
	for _, request := range requests {
		request["metadata"] = map[string]any{}
		body, err := avro.Marshal(schema, request)
		check(err)
		value, err := header.AppendEncode(nil, found.ID, nil)
		check(err)
		record := kgo.KeySliceRecord([]byte(request["to"].(string)), append(value, body...))
		record.Topic = os.Args[3]
		check(client.ProduceSync(ctx, record).FirstErr())
	}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
