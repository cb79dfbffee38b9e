package poolcopy

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"cognate/internal/api"
)

// allClients stands for the look that clients have without their own.
const allClients = "ALL"

func (r *reader) looks(ctx context.Context) error {
	if r.config.Domain != "" || r.config.CustomDomain != "" {
		for _, id := range append([]string{allClients}, r.clientIDs...) {
			if err := r.customization(ctx, id); err != nil {
				return err
			}
		}
	}
	for _, id := range r.clientIDs {
		if err := r.style(ctx, id); err != nil {
			return err
		}
	}
	return r.terms(ctx)
}

func (r *reader) customization(ctx context.Context, clientID string) error {
	var got api.GetUICustomizationResponse
	in := &api.GetUICustomizationRequest{UserPoolId: r.poolID, ClientId: clientID}
	if err := r.from.Call(ctx, "GetUICustomization", in, &got); r.skip("look of "+clientID, err) {
		return nil
	} else if err != nil {
		return fmt.Errorf("read the look of %s: %w", clientID, err)
	}
	look := got.UICustomization
	if look == nil || look.ClientId != clientID { // nothing set, or that of all clients
		return nil
	}
	set := &api.SetUICustomizationRequest{UserPoolId: r.poolID, ClientId: clientID, CSS: look.CSS}
	if look.ImageUrl != nil && *look.ImageUrl != "" {
		if r.image == nil {
			r.note("look of "+clientID, "its logo is left out")
		} else if picture, err := r.image(ctx, *look.ImageUrl); err != nil {
			r.note("look of "+clientID, "its logo could not be fetched: %v", err)
		} else {
			set.ImageFile = picture
		}
	}
	return r.step("SetUICustomization", "", clientID, set, nil)
}

func (r *reader) style(ctx context.Context, clientID string) error {
	var got api.DescribeManagedLoginBrandingByClientResponse
	in := &api.DescribeManagedLoginBrandingByClientRequest{UserPoolId: r.poolID, ClientId: clientID}
	if err := r.from.Call(ctx, "DescribeManagedLoginBrandingByClient", in, &got); r.skip("style of client "+clientID, err) {
		return nil
	} else if err != nil {
		return fmt.Errorf("read the style of client %s: %w", clientID, err)
	}
	style := got.ManagedLoginBranding
	if style == nil {
		return nil
	}
	made := &api.CreateManagedLoginBrandingRequest{UserPoolId: r.poolID, ClientId: clientID, UseCognitoProvidedValues: style.UseCognitoProvidedValues}
	if !style.UseCognitoProvidedValues {
		made.Settings, made.Assets = style.Settings, style.Assets
	}
	return r.step("CreateManagedLoginBranding", "", clientID, made, nil)
}

func (r *reader) terms(ctx context.Context) error {
	in := &api.ListTermsRequest{UserPoolId: r.poolID, MaxResults: new(int32(page60))}
	for {
		var got api.ListTermsResponse
		if err := r.from.Call(ctx, "ListTerms", in, &got); r.skip("terms", err) {
			return nil
		} else if err != nil {
			return fmt.Errorf("read the terms of pool %s: %w", r.poolID, err)
		}
		for _, t := range got.Terms {
			var one api.DescribeTermsResponse
			if err := r.from.Call(ctx, "DescribeTerms", &api.DescribeTermsRequest{UserPoolId: r.poolID, TermsId: t.TermsId}, &one); err != nil {
				return fmt.Errorf("read terms %s: %w", t.TermsName, err)
			}
			made := &api.CreateTermsRequest{}
			if err := into(one.Terms, made); err != nil {
				return err
			}
			if err := r.step("CreateTerms", "", made.ClientId+" "+made.TermsName, made, nil); err != nil {
				return err
			}
		}
		if in.NextToken = got.NextToken; got.NextToken == nil {
			return nil
		}
	}
}

// risks reads what is set for the pool, and for clients that have something else.
func (r *reader) risks(ctx context.Context) error {
	var ofPool []byte
	for _, id := range append([]string{""}, r.clientIDs...) {
		var got api.DescribeRiskConfigurationResponse
		in := &api.DescribeRiskConfigurationRequest{UserPoolId: r.poolID, ClientId: id}
		if err := r.from.Call(ctx, "DescribeRiskConfiguration", in, &got); r.skip("risk settings", err) {
			continue
		} else if err != nil {
			return fmt.Errorf("read the risk settings of pool %s: %w", r.poolID, err)
		}
		c := got.RiskConfiguration
		if c == nil || c.ClientId != id ||
			c.AccountTakeoverRiskConfiguration == nil && c.CompromisedCredentialsRiskConfiguration == nil && c.RiskExceptionConfiguration == nil {
			continue
		}
		set := &api.SetRiskConfigurationRequest{}
		if err := into(c, set); err != nil {
			return err
		}
		set.UserPoolId, set.ClientId = r.poolID, ""
		text, err := json.Marshal(set)
		if err != nil {
			return fmt.Errorf("read the risk settings of pool %s: %w", r.poolID, err)
		}
		if id != "" && bytes.Equal(text, ofPool) {
			continue
		}
		if id == "" {
			ofPool = text
		}
		set.ClientId = id
		if err := r.step("SetRiskConfiguration", "", id, set, nil); err != nil {
			return err
		}
	}
	return nil
}

// logs notes where the old side delivers to.
func (r *reader) logs(ctx context.Context) error {
	var got api.GetLogDeliveryConfigurationResponse
	err := r.from.Call(ctx, "GetLogDeliveryConfiguration", &api.GetLogDeliveryConfigurationRequest{UserPoolId: r.poolID}, &got)
	if r.skip("log delivery", err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the log delivery of pool %s: %w", r.poolID, err)
	}
	if c := got.LogDeliveryConfiguration; c != nil && len(c.LogConfigurations) > 0 {
		set := &api.SetLogDeliveryConfigurationRequest{UserPoolId: r.poolID, LogConfigurations: c.LogConfigurations}
		return r.step("SetLogDeliveryConfiguration", "", "", set, nil)
	}
	return nil
}
