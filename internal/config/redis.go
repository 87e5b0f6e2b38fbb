package config

import (
	"errors"
	"net/url"
	"strings"

	"github.com/redis/go-redis/v9"
)

var errRedisURL = errors.New("it is not a Redis address")

// RedisOptions reads an address into options for a single server, a cluster
// (further nodes as ?addr=host:port) or sentinels (?master_name=NAME, each
// sentinel as the host or as an addr). It sets where and as whom to connect, and
// the pool's size; timeouts belong to whoever uses the connection. The error
// does not quote the address.
func RedisOptions(address SecretURL, poolSize int) (*redis.UniversalOptions, error) {
	raw := address.Reveal()
	_, query, _ := strings.Cut(raw, "?")
	params, err := url.ParseQuery(query)
	if err != nil {
		return nil, errRedisURL
	}
	var opts *redis.UniversalOptions
	switch {
	case params.Has("master_name"):
		opts, err = sentinelOptions(raw)
	case params.Has("addr"):
		opts, err = clusterOptions(raw)
	default:
		opts, err = singleOptions(raw)
	}
	if err != nil {
		return nil, errRedisURL
	}
	opts.PoolSize = poolSize
	return opts, nil
}

// Redis returns the options of REDIS_URL, or of the sentinels when they are set.
func (c *Config) Redis() (*redis.UniversalOptions, error) {
	opts, err := RedisOptions(c.RedisURL, c.RedisPoolSize)
	if err != nil || c.RedisSentinelMaster == "" {
		return opts, err
	}
	opts.Addrs, opts.MasterName, opts.IsClusterMode = c.sentinels(), c.RedisSentinelMaster, false
	opts.SentinelPassword = c.RedisSentinelPassword.Reveal()
	return opts, nil
}

func (c *Config) sentinels() (addresses []string) {
	for address := range strings.SplitSeq(c.RedisSentinels, ",") {
		if address = strings.TrimSpace(address); address != "" {
			addresses = append(addresses, address)
		}
	}
	return addresses
}

func singleOptions(raw string) (*redis.UniversalOptions, error) {
	o, err := redis.ParseURL(raw)
	if err != nil {
		return nil, err
	}
	return &redis.UniversalOptions{
		Addrs: []string{o.Addr}, Username: o.Username, Password: o.Password, DB: o.DB, TLSConfig: o.TLSConfig,
	}, nil
}

func clusterOptions(raw string) (*redis.UniversalOptions, error) {
	o, err := redis.ParseClusterURL(raw)
	if err != nil {
		return nil, err
	}
	return &redis.UniversalOptions{
		Addrs: o.Addrs, Username: o.Username, Password: o.Password, TLSConfig: o.TLSConfig, IsClusterMode: true,
	}, nil
}

func sentinelOptions(raw string) (*redis.UniversalOptions, error) {
	o, err := redis.ParseFailoverURL(raw)
	if err != nil {
		return nil, err
	}
	return &redis.UniversalOptions{
		Addrs: o.SentinelAddrs, MasterName: o.MasterName, Username: o.Username, Password: o.Password,
		SentinelUsername: o.SentinelUsername, SentinelPassword: o.SentinelPassword, DB: o.DB, TLSConfig: o.TLSConfig,
	}, nil
}
