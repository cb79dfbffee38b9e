package pools

import (
	"context"

	"cognate/internal/api"
	"cognate/internal/cognito/logs"
	"cognate/internal/store"
)

// SetLogDeliveryConfiguration says where the logs of a pool go, in the place of what
// was said before; an empty list ends it.
func (o *Operations) SetLogDeliveryConfiguration(ctx context.Context, in *api.SetLogDeliveryConfigurationRequest) (*api.SetLogDeliveryConfigurationResponse, error) {
	_, err := store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		pool, err := lock(ctx, tx, in.UserPoolId)
		if err != nil {
			return struct{}{}, err
		}
		if err := o.checkLogs(in.LogConfigurations); err != nil {
			return struct{}{}, err
		}
		pool.Settings.Logs = in.LogConfigurations
		if err := checkTier(&pool.Settings); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, o.save(ctx, tx, pool)
	})
	if err != nil {
		return nil, err
	}
	o.Directory.Forget(in.UserPoolId)
	return &api.SetLogDeliveryConfigurationResponse{LogDeliveryConfiguration: describeLogs(in.UserPoolId, in.LogConfigurations)}, nil
}

// GetLogDeliveryConfiguration shows where the logs of a pool go.
func (o *Operations) GetLogDeliveryConfiguration(ctx context.Context, in *api.GetLogDeliveryConfigurationRequest) (*api.GetLogDeliveryConfigurationResponse, error) {
	pool, err := o.pool(ctx, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	return &api.GetLogDeliveryConfigurationResponse{LogDeliveryConfiguration: describeLogs(pool.ID, pool.Settings.Logs)}, nil
}

func describeLogs(poolID string, list []api.LogConfigurationType) *api.LogDeliveryConfigurationType {
	if list == nil {
		list = []api.LogConfigurationType{}
	}
	return &api.LogDeliveryConfigurationType{UserPoolId: poolID, LogConfigurations: list}
}

// checkLogs refuses configurations that are none, and destinations that the
// installation could not deliver to.
func (o *Operations) checkLogs(list []api.LogConfigurationType) error {
	seen := map[api.EventSourceName]bool{}
	for i := range list {
		c := &list[i]
		if seen[c.EventSource] {
			return api.InvalidParameterException("There is more than one log configuration for the event source %s.", c.EventSource)
		}
		seen[c.EventSource] = true
		if err := checkLog(c); err != nil {
			return err
		}
		if err := o.CheckLogTarget(logs.ARNOf(c)); err != nil {
			return api.InvalidParameterException("Logs cannot be delivered to %s.", logs.ARNOf(c)).Because(err)
		}
	}
	return nil
}

func checkLog(c *api.LogConfigurationType) error {
	destinations := 0
	for _, given := range []bool{c.CloudWatchLogsConfiguration != nil, c.S3Configuration != nil, c.FirehoseConfiguration != nil} {
		if given {
			destinations++
		}
	}
	level := api.LogLevelInfo
	if c.EventSource == api.EventSourceNameUserNotification {
		level = api.LogLevelError
	}
	switch {
	case destinations != 1 || logs.ARNOf(c) == "":
		return api.InvalidParameterException("A log configuration must have exactly one destination.")
	case c.LogLevel != level:
		return api.InvalidParameterException("The log level of the event source %s must be %s.", c.EventSource, level)
	case c.EventSource == api.EventSourceNameUserNotification && c.CloudWatchLogsConfiguration == nil:
		return api.InvalidParameterException("Logs of the event source %s can be delivered to CloudWatch Logs only.", c.EventSource)
	}
	return nil
}
