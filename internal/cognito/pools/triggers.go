package pools

import "cognate/internal/api"

// functions completes the Lambda configuration: the two members for the
// function before token generation are described together, whichever was given
// (spec/triggers.md §1).
func functions(given *api.LambdaConfigType) *api.LambdaConfigType {
	var c api.LambdaConfigType
	if given != nil {
		c = *given
	}
	switch {
	case c.PreTokenGenerationConfig == nil && c.PreTokenGeneration != "":
		c.PreTokenGenerationConfig = &api.PreTokenGenerationVersionConfigType{
			LambdaArn:     c.PreTokenGeneration,
			LambdaVersion: api.PreTokenGenerationLambdaVersionTypeV10,
		}
	case c.PreTokenGenerationConfig != nil && c.PreTokenGeneration == "":
		c.PreTokenGeneration = c.PreTokenGenerationConfig.LambdaArn
	}
	return &c
}

func checkFunctions(pool *api.UserPoolType) error {
	c := pool.LambdaConfig
	if c.PreTokenGenerationConfig != nil && c.PreTokenGenerationConfig.LambdaArn != c.PreTokenGeneration {
		return api.InvalidParameterException("PreTokenGeneration and PreTokenGenerationConfig must name the same function.")
	}
	if c.KMSKeyID == "" && (c.CustomSMSSender != nil || c.CustomEmailSender != nil) {
		return api.InvalidParameterException("KMSKeyID is required when a custom sender is configured.")
	}
	return nil
}
